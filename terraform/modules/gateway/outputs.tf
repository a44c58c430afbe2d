locals {
  # What the control plane itself answers, never the provider's invoke_url: the one is right wherever the
  # API runs, the other only on AWS. Under a custom domain the mapping key stands in the stage's place.
  default_uri   = "${aws_apigatewayv2_api.this.api_endpoint}/${var.stage}"
  websocket_uri = var.domain == null ? local.default_uri : join("/", compact(["wss://${var.domain.name}", var.domain.mapping_key]))

  # Functions do not depend on the domain's DNS, as long as there is another way.
  callback_uri = local.disable_default_endpoint ? local.websocket_uri : local.default_uri

  stage_execution_arn = "${aws_apigatewayv2_api.this.execution_arn}/${var.stage}"
  connect_arn         = "${local.stage_execution_arn}/$connect"
}

output "api" {
  description = "What a function needs to answer: `id`, `stage`, `stage_execution_arn` (which IAM policies for `@connections` begin with) and `connections_endpoint`, which is the default endpoint's also under a custom domain, unless that endpoint is disabled."
  value = {
    id                   = aws_apigatewayv2_api.this.id
    stage                = var.stage
    stage_execution_arn  = local.stage_execution_arn
    connections_endpoint = replace(local.callback_uri, "/^ws/", "http")
  }
}

output "websocket_uri" {
  description = "URI that clients connect to."
  value       = local.websocket_uri
}

output "configuration_hash" {
  description = "Hash of all that the deployment serves: when it changes, and only then, the API is deployed anew."
  value       = local.configuration_hash
}

output "domain_mapping_id" {
  description = "Id of the mapping from the custom domain to the stage, or null."
  value       = one(aws_apigatewayv2_api_mapping.this[*].id)
}

output "authorization" {
  description = "Who may connect: `NONE`, `AWS_IAM` or `CUSTOM`."
  value       = local.authorization
}

output "connect_arn" {
  description = "ARN of the route that a handshake invokes: what IAM policies allow, and what may invoke the function of a handshake."
  value       = local.connect_arn
}

output "role_name" {
  description = "Name of the role."
  value       = aws_iam_role.integration.name
}
