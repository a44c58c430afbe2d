# Which version is at work. The mapping invokes an alias, so that a rollback is one call and no deployment.

resource "aws_lambda_alias" "current" {
  name             = "current"
  description      = "The version that the event source mapping invokes."
  function_name    = aws_lambda_function.this.function_name
  function_version = coalesce(var.pinned_version, aws_lambda_function.this.version)
}

resource "aws_lambda_provisioned_concurrency_config" "this" {
  count = var.settings.provisioned_concurrency > 0 ? 1 : 0

  function_name                     = aws_lambda_function.this.function_name
  qualifier                         = aws_lambda_alias.current.name
  provisioned_concurrent_executions = var.settings.provisioned_concurrency
}
