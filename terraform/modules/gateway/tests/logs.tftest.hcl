# Logs of the API.

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

run "logs_what_was_asked_for" {
  command = plan

  variables {
    logging    = "existing_role"
    data_trace = true
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

run "encrypts_every_log_with_the_customer_key" {
  command = plan

  variables {
    logging      = "existing_role"
    logs_key_arn = "arn:aws:kms:eu-west-1:000000000000:key/logs"
  }

  assert {
    condition     = alltrue([for group in concat(aws_cloudwatch_log_group.access, values(aws_cloudwatch_log_group.execution)) : group.kms_key_id == var.logs_key_arn])
    error_message = "each log group must have the key given"
  }
}
