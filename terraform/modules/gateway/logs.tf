# Logs of the API. API Gateway writes them with the role that the account has for it, which terraform/account sets.

locals {
  logging = var.logging != "off"

  # One line of JSON per event; AWS cuts a format at 1 KB.
  access_log_format = jsonencode({
    requestId          = "$context.requestId"
    requestTime        = "$context.requestTime"
    eventType          = "$context.eventType"
    routeKey           = "$context.routeKey"
    status             = "$context.status"
    connectionId       = "$context.connectionId"
    sourceIp           = "$context.identity.sourceIp"
    errorMessage       = "$context.error.message"
    integrationStatus  = "$context.integration.integrationStatus"
    integrationLatency = "$context.integration.latency"
    integrationError   = "$context.integration.error"
  })
}

resource "aws_cloudwatch_log_group" "access" {
  #checkov:skip=CKV_AWS_338:how long logs are kept is the caller's choice (log_retention_days).
  count = local.logging ? 1 : 0

  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_key_arn

  tags = var.tags
}

# API Gateway would create its group itself, without retention, and leave it behind. Under which name is not settled:
# AWS documents the first one, for REST APIs, and several public sources show the second one for WebSocket APIs. An
# empty group costs nothing.
locals {
  execution_log_groups = {
    rest      = "API-Gateway-Execution-Logs_${aws_apigatewayv2_api.this.id}/${var.stage}"
    websocket = "/aws/apigateway/${aws_apigatewayv2_api.this.id}/${var.stage}"
  }
}

moved {
  from = aws_cloudwatch_log_group.execution[0]
  to   = aws_cloudwatch_log_group.execution["rest"]
}

resource "aws_cloudwatch_log_group" "execution" {
  #checkov:skip=CKV_AWS_338:how long logs are kept is the caller's choice (log_retention_days).
  for_each = { for form, name in local.execution_log_groups : form => name if local.logging }

  name              = each.value
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_key_arn

  tags = var.tags
}

# Up to version 0.1 the module had the account's setting, which all APIs of the region share, in its state. It is the
# account's own now (terraform/account): a state forgets it, and nothing is destroyed.
removed {
  from = aws_api_gateway_account.existing
  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_account.managed
  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_iam_role.account
  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_iam_role_policy_attachment.account
  lifecycle {
    destroy = false
  }
}
