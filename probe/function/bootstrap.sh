#!/bin/bash
# The probe's functions, in the shell and curl of provided.al2023: nothing to compile. Each logs its event, then answers
# by what is in it: an authorizer's policy by the token, a failure for a record of the partition key "poison", else null.
set -u
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
headers=$(mktemp)

policy() {
  printf '{"principalId":"somebody","context":{"number":7},"policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"%s","Resource":"*"%s}]}}' "$1" "${2:-}"
}

failure() {
  printf '{"errorType":"Error","errorMessage":"%s"}' "$1"
}

while true; do
  event=$(curl -sS -D "$headers" "$api/next") || exit 1
  id=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$headers" | tr -d '[:space:]' | cut -d: -f2)
  printf 'EVENT %s\n' "$event"
  sleep "${SECONDS_TO_ANSWER:-0}"
  outcome=response
  case "$event" in
    *'"partitionKey":"poison"'*) outcome=error answer=$(failure poison) ;;
    *'"token":"allow"'*) answer=$(policy Allow) ;;
    *'"token":"deny"'*) answer=$(policy Deny) ;;
    *'"token":"condition"'*) answer=$(policy Allow ',"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}') ;;
    *'"token":"unauthorized"'*) outcome=error answer=$(failure Unauthorized) ;;
    *'"token":"other"'*) outcome=error answer=$(failure Other) ;;
    *'"token":"garbage"'*) answer='{"no":"policy"}' ;;
    *) answer=null ;;
  esac
  curl -sS -o /dev/null -H 'Lambda-Runtime-Function-Error-Type: Error' -d "$answer" "$api/$id/$outcome"
done
