# The authorizer: where it stands, and who may invoke its function.

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
  authorizer = {
    name             = "sluicegate-authorizer"
    invoke_arn       = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:000000000000:function:sluicegate-authorizer/invocations"
    identity_sources = ["route.request.querystring.token"]
  }
}

run "asks_the_function_at_each_handshake" {
  command = plan

  assert {
    condition = (
      aws_apigatewayv2_authorizer.this[0].authorizer_type == "REQUEST" &&
      aws_apigatewayv2_authorizer.this[0].authorizer_uri == var.authorizer.invoke_arn &&
      aws_apigatewayv2_authorizer.this[0].identity_sources == toset(["route.request.querystring.token"])
    )
    error_message = "a WebSocket API has REQUEST authorizers"
  }

  assert {
    condition = (
      aws_apigatewayv2_route.this["$connect"].authorization_type == "CUSTOM" &&
      aws_apigatewayv2_route.this["$connect"].authorizer_id == aws_apigatewayv2_authorizer.this[0].id &&
      aws_apigatewayv2_route.this["$default"].authorization_type == "NONE" &&
      aws_apigatewayv2_route.this["$default"].authorizer_id == null
    )
    error_message = "AWS allows an authorizer on $connect alone"
  }

  assert {
    condition = (
      aws_lambda_permission.authorizer[0].function_name == "sluicegate-authorizer" &&
      aws_lambda_permission.authorizer[0].principal == "apigateway.amazonaws.com" &&
      aws_lambda_permission.authorizer[0].source_arn == "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5/authorizers/auth001"
    )
    error_message = "this API's authorizer may invoke the function, and nobody else"
  }
}

run "is_absent_unless_asked_for" {
  command = plan

  variables {
    authorizer = null
  }

  assert {
    condition = (
      length(aws_apigatewayv2_authorizer.this) == 0 &&
      length(aws_lambda_permission.authorizer) == 0 &&
      aws_apigatewayv2_route.this["$connect"].authorization_type == "NONE"
    )
    error_message = "everybody may connect unless a function decides"
  }

  assert {
    condition     = output.configuration_hash != run.asks_the_function_at_each_handshake.configuration_hash
    error_message = "an authorizer needs a deployment"
  }
}

run "refuses_the_identity_sources_of_http_apis" {
  command = plan

  variables {
    authorizer = {
      name             = "sluicegate-authorizer"
      invoke_arn       = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/x/invocations"
      identity_sources = ["$request.querystring.token"]
    }
  }

  expect_failures = [var.authorizer]
}

run "asks_for_a_signature" {
  command = plan

  variables {
    authorizer    = null
    authorization = "AWS_IAM"
  }

  assert {
    condition = (
      aws_apigatewayv2_route.this["$connect"].authorization_type == "AWS_IAM" &&
      aws_apigatewayv2_route.this["$default"].authorization_type == "NONE" &&
      output.authorization == "AWS_IAM" &&
      output.connect_arn == "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5/v1/$connect"
    )
    error_message = "a handshake is signed by who may invoke $connect"
  }

  assert {
    condition     = output.configuration_hash != run.is_absent_unless_asked_for.configuration_hash
    error_message = "another authorization needs a deployment"
  }
}

run "refuses_an_unknown_authorization" {
  command = plan

  variables {
    authorizer    = null
    authorization = "JWT"
  }

  expect_failures = [var.authorization]
}

run "refuses_an_authorizer_that_would_not_be_asked" {
  command = plan

  variables {
    authorization = "AWS_IAM"
  }

  expect_failures = [var.authorization]
}

run "lets_a_function_answer_handshakes" {
  command = plan

  variables {
    lifecycle_events = ["CONNECT", "DISCONNECT"]
    connect_function = {
      name       = "sluicegate-connect"
      invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:000000000000:function:sluicegate-connect/invocations"
    }
  }

  assert {
    condition = (
      aws_apigatewayv2_integration.this["connect"].integration_type == "AWS_PROXY" &&
      aws_apigatewayv2_integration.this["connect"].integration_method == "POST" &&
      aws_apigatewayv2_integration.this["connect"].integration_uri == var.connect_function.invoke_arn &&
      aws_apigatewayv2_integration.this["connect"].credentials_arn == null &&
      aws_apigatewayv2_integration.this["connect"].request_templates == null &&
      jsonencode(keys(aws_apigatewayv2_integration_response.this)) == jsonencode(["disconnect/200"])
    )
    error_message = "a proxy has neither templates nor responses: it puts CONNECT events into the stream itself"
  }

  assert {
    condition = (
      aws_lambda_permission.connect[0].function_name == "sluicegate-connect" &&
      aws_lambda_permission.connect[0].source_arn == output.connect_arn
    )
    error_message = "this API's $connect may invoke the function, and nothing else"
  }

  assert {
    condition     = output.configuration_hash != run.asks_the_function_at_each_handshake.configuration_hash
    error_message = "another integration of $connect needs a deployment"
  }
}
