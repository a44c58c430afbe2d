# The role that API Gateway writes the logs of all APIs of one account and region with: one setting, which no stack owns.

data "aws_partition" "current" {}

# The region's name: of aws_region, `name` and `id` are deprecated in provider 6, and `region` is not there in 5.
data "aws_service" "api_gateway" {
  service_id = "apigateway"
}

locals {
  # Roles are global, and the setting is the region's.
  role_name = coalesce(var.role_name, "sluicegate-api-gateway-logs-${data.aws_service.api_gateway.region}")
}

# The setting is always there. Imported, a plan shows which role it would take over; `sluicegate stack` reads it that way.
import {
  to = aws_api_gateway_account.this
  id = "api-gateway-account"
}

resource "aws_api_gateway_account" "this" {
  cloudwatch_role_arn = aws_iam_role.this.arn
  depends_on          = [aws_iam_role_policy_attachment.this]

  # Since version 6 the provider takes the account's role away here. README.md says how to give it up on purpose.
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_iam_role" "this" {
  name        = local.role_name
  description = "API Gateway writes the logs of every API of this account and region."
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "apigateway.amazonaws.com" }
    }]
  })

  lifecycle {
    prevent_destroy = true
  }
}

# API Gateway refuses a role with less than this policy, which AWS wrote for the purpose.
resource "aws_iam_role_policy_attachment" "this" {
  role       = aws_iam_role.this.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}
