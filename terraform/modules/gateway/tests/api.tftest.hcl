# The API, its stage, its addresses and its role.

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

run "is_a_websocket_api_routed_by_the_action_of_the_body" {
  command = plan

  assert {
    condition     = aws_apigatewayv2_api.this.protocol_type == "WEBSOCKET" && aws_apigatewayv2_api.this.route_selection_expression == "$request.body.action"
    error_message = "the API must be a WebSocket API that routes by the body's action"
  }
}

run "throttles_and_logs_nothing_by_default" {
  command = plan

  assert {
    condition = (
      aws_apigatewayv2_stage.this.name == "v1" &&
      aws_apigatewayv2_stage.this.default_route_settings[0].throttling_rate_limit == 500 &&
      aws_apigatewayv2_stage.this.default_route_settings[0].throttling_burst_limit == 500
    )
    error_message = "the stage must be throttled as asked"
  }

  assert {
    condition = (
      aws_apigatewayv2_stage.this.default_route_settings[0].logging_level == "OFF" &&
      aws_apigatewayv2_stage.this.default_route_settings[0].data_trace_enabled == false &&
      length(aws_apigatewayv2_stage.this.access_log_settings) == 0 &&
      length(aws_cloudwatch_log_group.access) + length(aws_cloudwatch_log_group.execution) == 0
    )
    error_message = "nothing may be logged, and no group made, unless asked for"
  }
}

run "gives_a_route_a_bucket_of_its_own" {
  command = plan

  variables {
    route_throttling = { "$connect" = { rate_limit = 20, burst_limit = 10 } }
  }

  assert {
    condition = [for settings in aws_apigatewayv2_stage.this.route_settings : [settings.route_key, settings.throttling_rate_limit, settings.throttling_burst_limit, settings.logging_level]] == [
      ["$connect", 20, 10, "OFF"],
    ]
    error_message = "the route must have its own limits, and the stage's logging"
  }
}

run "builds_its_addresses_from_what_the_emulator_answers" {
  command = plan

  assert {
    condition     = output.websocket_uri == "wss://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/v1"
    error_message = "clients connect to the API's own endpoint and the stage"
  }

  assert {
    condition = output.api == {
      id                   = "a1b2c3d4e5"
      stage                = "v1"
      stage_execution_arn  = "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5/v1"
      connections_endpoint = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/v1"
    }
    error_message = "functions answer through the same endpoint over HTTPS"
  }
}

run "stays_on_plain_http_where_the_emulator_does" {
  command = plan

  override_resource {
    target = aws_apigatewayv2_api.this
    values = {
      id            = "a1b2c3d4e5"
      api_endpoint  = "ws://127.0.0.1:4566/_aws/execute-api/a1b2c3d4e5"
      execution_arn = "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5"
    }
    override_during = plan
  }

  assert {
    condition = (
      output.websocket_uri == "ws://127.0.0.1:4566/_aws/execute-api/a1b2c3d4e5/v1" &&
      output.api.connections_endpoint == "http://127.0.0.1:4566/_aws/execute-api/a1b2c3d4e5/v1"
    )
    error_message = "both addresses must have the scheme and path that the emulator answers"
  }
}

run "puts_the_mapping_key_in_place_of_the_stage" {
  command = plan

  variables {
    domain = {
      name            = "ws.example.com"
      certificate_arn = "arn:aws:acm:eu-west-1:000000000000:certificate/1234abcd"
      mapping_key     = "events/v1"
    }
  }

  assert {
    condition     = output.websocket_uri == "wss://ws.example.com/events/v1"
    error_message = "a custom domain's address ends with the mapping key and names no stage"
  }

  assert {
    condition     = output.api.connections_endpoint == "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/v1" && aws_apigatewayv2_api.this.disable_execute_api_endpoint == false
    error_message = "functions must not depend on the domain's DNS"
  }

  assert {
    condition = (
      aws_apigatewayv2_domain_name.this[0].domain_name == "ws.example.com" &&
      aws_apigatewayv2_domain_name.this[0].domain_name_configuration[0].endpoint_type == "REGIONAL" &&
      aws_apigatewayv2_api_mapping.this[0].api_mapping_key == "events/v1" &&
      length(aws_route53_record.this) == 0
    )
    error_message = "the domain must be regional and mapped, without a record where no zone is given"
  }

  assert {
    condition     = output.api.stage_execution_arn == "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5/v1"
    error_message = "policies name the stage, whatever the domain"
  }
}

run "serves_a_whole_domain" {
  command = plan

  variables {
    domain = {
      name            = "ws.example.com"
      certificate_arn = "arn:aws:acm:eu-west-1:000000000000:certificate/1234abcd"
    }
  }

  assert {
    condition     = output.websocket_uri == "wss://ws.example.com" && aws_apigatewayv2_api_mapping.this[0].api_mapping_key == null
    error_message = "without a mapping key the domain itself is the address"
  }
}

run "answers_through_the_domain_where_it_is_the_only_way" {
  command = plan

  variables {
    domain = {
      name                     = "ws.example.com"
      certificate_arn          = "arn:aws:acm:eu-west-1:000000000000:certificate/1234abcd"
      mapping_key              = "events/v1"
      disable_default_endpoint = true
    }
  }

  assert {
    condition     = output.api.connections_endpoint == "https://ws.example.com/events/v1" && aws_apigatewayv2_api.this.disable_execute_api_endpoint == true
    error_message = "where the default endpoint is off, functions must use the domain"
  }
}

run "may_put_records_into_its_stream_and_nothing_else" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.integration.policy) == {
      Version = "2012-10-17"
      Statement = [{
        Sid      = "PutRecord"
        Effect   = "Allow"
        Action   = "kinesis:PutRecord"
        Resource = "arn:aws:kinesis:eu-west-1:000000000000:stream/sluicegate-events"
      }]
    }
    error_message = "the integration's policy must be exactly this"
  }

  assert {
    condition = jsondecode(aws_iam_role.integration.assume_role_policy) == {
      Version   = "2012-10-17"
      Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "apigateway.amazonaws.com" } }]
    }
    error_message = "only API Gateway may assume the role"
  }
}

run "may_encrypt_with_the_customer_key_of_the_stream" {
  command = plan

  variables {
    stream = merge(var.stream, { customer_key_arn = "arn:aws:kms:eu-west-1:000000000000:key/1234abcd" })
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.integration.policy).Statement[1] == {
      Sid      = "EncryptRecord"
      Effect   = "Allow"
      Action   = "kms:GenerateDataKey"
      Resource = "arn:aws:kms:eu-west-1:000000000000:key/1234abcd"
    }
    error_message = "the integration must be able to use the stream's key"
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.integration.policy).Statement : !strcontains("${statement.Action}${statement.Resource}", "*")])
    error_message = "the integration's policy has no wildcard"
  }
}
