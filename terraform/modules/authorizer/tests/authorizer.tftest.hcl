# The authorizer's function: its code, its role, and what is refused.

mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name         = "sluicegate-authorizer"
  bundle       = "../../tests/fixtures/functions"
  architecture = "x86_64"
  settings = {
    function           = "echo"
    memory_mb          = 128
    timeout_seconds    = 5
    environment        = { TOKENS = "{}" }
    log_level          = "INFO"
    log_retention_days = 14
  }
}

run "runs_the_zip_of_the_bundle_with_its_own_environment" {
  command = plan

  assert {
    condition = (
      aws_lambda_function.this.function_name == "sluicegate-authorizer" &&
      aws_lambda_function.this.filename == "../../tests/fixtures/functions/echo.zip" &&
      aws_lambda_function.this.environment[0].variables == tomap({ TOKENS = "{}" }) &&
      aws_lambda_function.this.timeout == 5
    )
    error_message = "the code must be the function's own zip, and its environment what the settings say"
  }
}

run "may_write_its_logs_and_nothing_else" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement == [{
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
    }]
    error_message = "an authorizer reads no stream and manages no connections"
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Principal == { Service = "lambda.amazonaws.com" }
    error_message = "Lambda alone may act as the function"
  }
}

run "refuses_a_zip_that_is_not_there" {
  command = plan

  variables {
    bundle = "./nowhere"
  }

  expect_failures = [aws_lambda_function.this]
}

run "refuses_what_a_client_would_not_wait_for" {
  command = plan

  variables {
    settings = {
      function           = "echo"
      memory_mb          = 128
      timeout_seconds    = 30
      environment        = {}
      log_level          = "INFO"
      log_retention_days = 14
    }
  }

  expect_failures = [var.settings]
}

run "refuses_another_architecture_than_the_zip_was_built_for" {
  command = plan

  variables {
    bundle = "../../tests/fixtures/arm64"
  }

  expect_failures = [aws_lambda_function.this]
}
