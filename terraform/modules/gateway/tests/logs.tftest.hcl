# Logs, and the account-wide role without which there are none.

mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name  = "sluicegate"
  stage = "v1"
  stream = {
    name             = "sluicegate-events"
    arn              = "arn:aws:kinesis:eu-west-1:000000000000:stream/sluicegate-events"
    customer_key_arn = null
  }
  throttling = {
    rate_limit  = 500
    burst_limit = 500
  }
}

run "manages_the_account_role_where_asked" {
  command = plan

  variables {
    logging    = "manage_account_role"
    data_trace = true
  }

  assert {
    condition = (
      aws_iam_role.account[0].name == "sluicegate-api-gateway-logs" &&
      aws_iam_role_policy_attachment.account[0].policy_arn == "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs" &&
      aws_api_gateway_account.managed[0].cloudwatch_role_arn == aws_iam_role.account[0].arn
    )
    error_message = "the account must log through a role that API Gateway accepts"
  }

  assert {
    condition = (
      aws_apigatewayv2_stage.this.default_route_settings[0].logging_level == "INFO" &&
      aws_apigatewayv2_stage.this.default_route_settings[0].data_trace_enabled
    )
    error_message = "the stage must log what was asked for"
  }

  assert {
    condition = (
      aws_cloudwatch_log_group.access[0].name == "/aws/apigateway/sluicegate" &&
      aws_cloudwatch_log_group.access[0].retention_in_days == 14 &&
      aws_cloudwatch_log_group.execution["rest"].name == "API-Gateway-Execution-Logs_a1b2c3d4e5/v1" &&
      aws_cloudwatch_log_group.execution["websocket"].name == "/aws/apigateway/a1b2c3d4e5/v1" &&
      aws_cloudwatch_log_group.execution["websocket"].retention_in_days == 14
    )
    error_message = "both log groups must exist beforehand, with a retention"
  }

  assert {
    condition = (
      aws_apigatewayv2_stage.this.access_log_settings[0].destination_arn == aws_cloudwatch_log_group.access[0].arn &&
      jsondecode(aws_apigatewayv2_stage.this.access_log_settings[0].format).requestId == "$context.requestId" &&
      length(aws_apigatewayv2_stage.this.access_log_settings[0].format) <= 1024
    )
    error_message = "an access log line must name its request, and its format must fit AWS's 1,024 characters"
  }
}

run "takes_the_account_role_that_exists" {
  command = plan

  variables {
    logging = "existing_role"
  }

  override_resource {
    target = aws_api_gateway_account.existing
    values = {
      cloudwatch_role_arn = "arn:aws:iam::000000000000:role/api-gateway-logs"
    }
    override_during = plan
  }

  assert {
    condition     = length(aws_api_gateway_account.managed) + length(aws_iam_role.account) == 0
    error_message = "a role that exists is not managed here"
  }

  assert {
    condition     = aws_apigatewayv2_stage.this.default_route_settings[0].logging_level == "INFO" && length(aws_cloudwatch_log_group.access) == 1
    error_message = "the stage must log"
  }
}

run "refuses_logs_without_an_account_role" {
  command = plan

  variables {
    logging = "existing_role"
  }

  override_resource {
    target = aws_api_gateway_account.existing
    values = {
      cloudwatch_role_arn = ""
    }
    override_during = plan
  }

  expect_failures = [aws_api_gateway_account.existing]
}
