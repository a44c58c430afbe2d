# The function of handshakes: its code, its role, and what is refused.

mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name         = "sluicegate-connect"
  bundle       = "../../tests/fixtures/functions"
  architecture = "x86_64"
}

run "only_answers_where_no_connect_events_are_asked_for" {
  command = plan

  assert {
    condition = (
      aws_lambda_function.this.function_name == "sluicegate-connect" &&
      aws_lambda_function.this.filename == "../../tests/fixtures/functions/connect.zip" &&
      length(aws_lambda_function.this.environment[0].variables) == 0
    )
    error_message = "the code must be the function's own zip, and its environment empty"
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement == [{
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
    }]
    error_message = "without a stream it writes logs and nothing else"
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Principal == { Service = "lambda.amazonaws.com" }
    error_message = "Lambda alone may act as the function"
  }
}

run "puts_connect_events_into_the_one_stream" {
  command = plan

  variables {
    stream = {
      name             = "sluicegate-events"
      arn              = "arn:aws:kinesis:eu-west-1:000000000000:stream/sluicegate-events"
      customer_key_arn = "arn:aws:kms:eu-west-1:000000000000:key/stream"
    }
  }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables == tomap({ STREAM_NAME = "sluicegate-events" })
    error_message = "the function must know its stream"
  }

  assert {
    condition = slice(jsondecode(aws_iam_role_policy.this.policy).Statement, 1, 3) == [
      {
        Sid      = "PutRecord"
        Effect   = "Allow"
        Action   = ["kinesis:PutRecord"]
        Resource = [var.stream.arn]
      },
      {
        Sid      = "EncryptRecord"
        Effect   = "Allow"
        Action   = ["kms:GenerateDataKey"]
        Resource = [var.stream.customer_key_arn]
      },
    ]
    error_message = "it puts records into the one stream, with its key, and nothing else"
  }
}

run "refuses_a_zip_that_is_not_there" {
  command = plan

  variables {
    bundle = "./nowhere"
  }

  expect_failures = [aws_lambda_function.this]
}

run "refuses_another_architecture_than_the_zip_was_built_for" {
  command = plan

  variables {
    bundle = "../../tests/fixtures/arm64"
  }

  expect_failures = [aws_lambda_function.this]
}

run "refuses_a_name_that_makes_the_role_too_long" {
  command = plan

  variables {
    name = "sluicegate-with-a-name-that-is-much-too-long-for-its-role"
  }

  expect_failures = [var.name]
}

run "encrypts_its_logs_with_the_customer_key" {
  command = plan

  variables {
    logs_key_arn = "arn:aws:kms:eu-west-1:000000000000:key/logs"
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.kms_key_id == var.logs_key_arn
    error_message = "the log group must have the key given"
  }
}
