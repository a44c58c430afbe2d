# Logs of the API, and the account-wide role without which API Gateway writes none.

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
}

# Provider 5.100 has no data source for the account's settings. The root imports them into this resource
# instead: that reads them while planning, and ignore_changes together with the provider's way of deleting
# (it only forgets) means that nothing is ever written.
resource "aws_api_gateway_account" "existing" {
  count = var.logging == "existing_role" ? 1 : 0

  lifecycle {
    ignore_changes = [cloudwatch_role_arn]

    postcondition {
      condition     = try(length(self.cloudwatch_role_arn) > 0, false)
      error_message = "logging = existing_role, but API Gateway has no CloudWatch Logs role in this account and region: set logging = manage_account_role, or off."
    }
  }
}

# One setting per account and region, which every API there logs through: it and its role outlive this stack.
resource "aws_api_gateway_account" "managed" {
  count = var.logging == "manage_account_role" ? 1 : 0

  cloudwatch_role_arn = aws_iam_role.account[0].arn
  depends_on          = [aws_iam_role_policy_attachment.account]
}

resource "aws_iam_role" "account" {
  count = var.logging == "manage_account_role" ? 1 : 0

  name                 = "${var.name}-api-gateway-logs"
  path                 = var.iam.path
  permissions_boundary = var.iam.permissions_boundary
  description          = "API Gateway writes the logs of every API of this account and region."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "apigateway.amazonaws.com" }
    }]
  })

  # Deleting it would silence the logs of every other API. README.md says how to hand it over.
  lifecycle {
    prevent_destroy = true
  }
}

# API Gateway refuses a role with less than this policy, which it wrote for the purpose.
resource "aws_iam_role_policy_attachment" "account" {
  count = var.logging == "manage_account_role" ? 1 : 0

  role       = aws_iam_role.account[0].name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}
