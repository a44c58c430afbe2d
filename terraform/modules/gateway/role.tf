# The role that the integrations act as: it may put records into the one stream, and nothing else.

locals {
  integration_role_name = coalesce(var.role_name, "${var.name}-integration")
}

resource "aws_iam_role" "integration" {
  name                 = local.integration_role_name
  path                 = var.iam.path
  permissions_boundary = var.iam.permissions_boundary
  description          = "API Gateway puts the events of ${var.name} into its stream."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "apigateway.amazonaws.com" }
    }]
  })

  # Under a new name, the integrations must have the new role, with its policy, before the old one goes.
  lifecycle {
    create_before_destroy = true
  }

  tags = var.tags
}

resource "aws_iam_role_policy" "integration" {
  name = "put-record"
  role = aws_iam_role.integration.id # as in modules/function

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid      = "PutRecord"
        Effect   = "Allow"
        Action   = "kinesis:PutRecord"
        Resource = var.stream.arn
      }],
      [for key in compact([var.stream.customer_key_arn]) : {
        Sid      = "EncryptRecord"
        Effect   = "Allow"
        Action   = "kms:GenerateDataKey"
        Resource = key
      }],
    )
  })

  lifecycle {
    create_before_destroy = true
  }
}
