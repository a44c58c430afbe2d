# The function: its code, its environment and its logs.

locals {
  package = "${var.bundle}/${var.package}.zip"

  # `sluicegate bundle` writes the CPU architecture beside the zips. Zips made by other means may come without.
  built_for = trimspace(try(file("${var.bundle}/architecture"), var.architecture))
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_50:tracing is not part of the flow, where a record carries its own request id; who wants it sets tracing.
  #checkov:skip=CKV_AWS_115:concurrency is bounded by shards x parallelization_factor; reserving more is the caller's choice.
  #checkov:skip=CKV_AWS_116:a dead-letter queue serves asynchronous invocations; here the mapping's on-failure destination does.
  #checkov:skip=CKV_AWS_117:the function needs no VPC, only AWS's own endpoints; who needs one sets vpc.
  #checkov:skip=CKV_AWS_173:Lambda encrypts the environment with its own key, and it holds no secrets.
  #checkov:skip=CKV_AWS_272:the bundle's hashes are checked before a deployment; signing needs an account-wide profile.
  function_name                  = var.name
  role                           = aws_iam_role.this.arn
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  architectures                  = [var.architecture]
  filename                       = local.package
  source_code_hash               = fileexists(local.package) ? filebase64sha256(local.package) : null # refused below
  memory_size                    = var.settings.memory_mb
  timeout                        = var.settings.timeout_seconds
  reserved_concurrent_executions = var.settings.reserved_concurrency
  layers                         = var.settings.layers
  publish                        = true # each change of code or settings is a version, which release.tf puts to work

  # A secret's variable holds its ARN and never its value, which would stand in Terraform's state.
  environment {
    variables = merge(var.settings.environment, var.settings.secret_arns, {
      SLUICEGATE_CONNECTIONS_ENDPOINT  = var.api.connections_endpoint
      SLUICEGATE_API_ID                = var.api.id
      SLUICEGATE_STAGE                 = var.api.stage
      SLUICEGATE_DEAD_LETTER_QUEUE_URL = local.dead_letter_queue_url
    })
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.this.name
    application_log_level = var.settings.log_level
    system_log_level      = "INFO"
  }

  tracing_config {
    mode = var.settings.tracing ? "Active" : "PassThrough"
  }

  ephemeral_storage {
    size = var.settings.ephemeral_storage_mb
  }

  dynamic "vpc_config" {
    for_each = var.settings.vpc == null ? [] : [var.settings.vpc]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  # Lambda refuses a VPC until the role may make network interfaces.
  depends_on = [aws_iam_role_policy.this]

  lifecycle {
    precondition {
      condition     = fileexists(local.package)
      error_message = "${local.package} does not exist: build the bundle first, or set bundle to the folder that holds it."
    }

    precondition {
      condition     = local.built_for == var.architecture
      error_message = "architecture is ${var.architecture}, but the zips in ${var.bundle} were built for ${local.built_for}: build the bundle for ${var.architecture}, or remove architecture from the tfvars."
    }
  }

  tags = var.tags
}

# Lambda would create this group itself, without retention, and leave it behind.
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:how long logs are kept is the caller's choice (log_retention_days).
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.settings.log_retention_days
  kms_key_id        = var.logs_key_arn

  tags = var.tags
}
