# Routes, integrations, models and what clients are answered.

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

run "puts_messages_into_the_stream_and_answers_handshakes_itself" {
  command = plan

  assert {
    condition     = toset(keys(aws_apigatewayv2_route.this)) == toset(["$connect", "$default"])
    error_message = "there must be a route for connections and one for messages"
  }

  assert {
    condition = (
      aws_apigatewayv2_integration.this["message"].integration_type == "AWS" &&
      aws_apigatewayv2_integration.this["message"].integration_method == "POST" &&
      aws_apigatewayv2_integration.this["message"].integration_uri == "arn:aws:apigateway:eu-west-1:kinesis:action/PutRecord" &&
      aws_apigatewayv2_integration.this["message"].credentials_arn == aws_iam_role.integration.arn
    )
    error_message = "messages go to PutRecord under the integration's own role"
  }

  assert {
    condition = (
      aws_apigatewayv2_integration.this["message"].template_selection_expression == "default" &&
      aws_apigatewayv2_integration.this["message"].passthrough_behavior == "NEVER" &&
      keys(aws_apigatewayv2_integration.this["message"].request_templates) == tolist(["default"])
    )
    error_message = "the one template must be used, or nothing"
  }

  assert {
    condition = (
      aws_apigatewayv2_integration.this["connect"].integration_type == "MOCK" &&
      aws_apigatewayv2_integration.this["connect"].request_templates["default"] == "{\"statusCode\":200}" &&
      aws_apigatewayv2_integration_response.this["connect/200"].integration_response_key == "/200/" &&
      aws_apigatewayv2_route_response.this["$connect"].route_response_key == "$default"
    )
    error_message = "a handshake needs its 200 response and a route response"
  }

  assert {
    condition = (
      aws_apigatewayv2_route.this["$default"].target == "integrations/int0001" &&
      aws_apigatewayv2_route.this["$default"].authorization_type == "NONE" &&
      aws_apigatewayv2_route.this["$default"].route_response_selection_expression == null &&
      keys(aws_apigatewayv2_route_response.this) == ["$connect"] &&
      keys(aws_apigatewayv2_integration_response.this) == ["connect/200"]
    )
    error_message = "messages are not answered unless asked for"
  }
}

run "writes_the_event_that_functions_read" {
  command = plan

  # Rendered by hand as API Gateway does: quotes are doubled inside VTL strings.
  assert {
    condition = (
      aws_apigatewayv2_integration.this["message"].request_templates["default"] == join("\n", [
        "#set($payload = $input.json('$'))",
        "#set($event = \"${replace("{'payload':$payload,'connectionId':'$context.connectionId','routeKey':'$context.routeKey','eventType':'$context.eventType','requestId':'$context.requestId','requestTimeEpoch':'$context.requestTimeEpoch','connectedAt':'$context.connectedAt','sourceIp':'$context.identity.sourceIp','apiId':'$context.apiId','stage':'$context.stage'}", "'", "\"\"")}\")",
        "{\"StreamName\":\"sluicegate-events\",\"Data\":\"$util.base64Encode($event)\",\"PartitionKey\":\"$context.connectionId\"}",
        "",
      ])
    )
    error_message = "the message template must write exactly this event"
  }
}

run "guards_message_routes_by_a_model" {
  command = plan

  variables {
    routes        = ["relay", "relay", "chat.send"]
    route_schemas = { "chat.send" = "{ \"type\": \"object\", \"required\": [\"text\"] }" }
  }

  assert {
    condition     = toset(keys(aws_apigatewayv2_route.this)) == toset(["$connect", "$default", "relay", "chat.send"])
    error_message = "functions that ask for the same route share it"
  }

  assert {
    condition = (
      aws_apigatewayv2_route.this["relay"].model_selection_expression == "default" &&
      aws_apigatewayv2_route.this["relay"].request_models == tomap({ default = "AnyJson" }) &&
      aws_apigatewayv2_route.this["$default"].request_models == tomap({ default = "AnyJson" }) &&
      aws_apigatewayv2_model.this["AnyJson"].schema == "{}"
    )
    error_message = "a route without a schema takes any JSON"
  }

  assert {
    condition = (
      aws_apigatewayv2_model.this[aws_apigatewayv2_route.this["chat.send"].request_models["default"]].schema == "{\"required\":[\"text\"],\"type\":\"object\"}" &&
      can(regex("^[A-Za-z0-9]+$", aws_apigatewayv2_route.this["chat.send"].request_models["default"]))
    )
    error_message = "a route with a schema has its own model, under a name that AWS takes"
  }

  assert {
    condition     = aws_apigatewayv2_route.this["$connect"].request_models == null
    error_message = "a handshake has no body to check"
  }
}

run "puts_lifecycle_events_into_the_stream_where_asked" {
  command = plan

  variables {
    lifecycle_events = ["CONNECT", "DISCONNECT"]
  }

  assert {
    condition = (
      aws_apigatewayv2_integration.this["connect"].integration_type == "AWS" &&
      aws_apigatewayv2_integration.this["disconnect"].integration_type == "AWS" &&
      contains(keys(aws_apigatewayv2_route.this), "$disconnect")
    )
    error_message = "both events must go to the stream"
  }

  assert {
    condition = alltrue([for event in ["connect", "disconnect"] :
      strcontains(aws_apigatewayv2_integration.this[event].request_templates["default"], "\"\"payload\"\":null") &&
      !strcontains(aws_apigatewayv2_integration.this[event].request_templates["default"], "$input")
    ])
    error_message = "a lifecycle event has no payload"
  }

  assert {
    condition = (
      toset(keys(aws_apigatewayv2_integration_response.this)) == toset(["connect/200", "disconnect/200"]) &&
      keys(aws_apigatewayv2_route_response.this) == ["$connect"]
    )
    error_message = "a handshake is answered, a disconnection cannot be"
  }
}

run "answers_each_message_where_asked" {
  command = plan

  variables {
    acknowledgements = true
    routes           = ["relay"]
  }

  assert {
    condition     = toset(keys(aws_apigatewayv2_route_response.this)) == toset(["$connect", "$default", "relay"])
    error_message = "every message route must answer"
  }

  assert {
    condition = alltrue([for key in ["$default", "relay"] :
      aws_apigatewayv2_route.this[key].route_response_selection_expression == null
    ])
    error_message = "what is never set is never taken away: AWS refuses the empty expression that the provider would send"
  }

  assert {
    condition = (
      aws_apigatewayv2_integration_response.this["message/200"].integration_response_key == "/200/" &&
      aws_apigatewayv2_integration_response.this["message/200"].template_selection_expression == "default" &&
      trimspace(aws_apigatewayv2_integration_response.this["message/200"].response_templates["default"]) == "{\"ack\":{\"sequenceNumber\":\"$input.path('$.SequenceNumber')\"}}"
    )
    error_message = "a record that was taken is acknowledged with its sequence number"
  }

  assert {
    condition = (
      aws_apigatewayv2_integration_response.this["message/default"].integration_response_key == "$default" &&
      trimspace(aws_apigatewayv2_integration_response.this["message/default"].response_templates["default"]) == "{\"nack\":{\"error\":\"$input.path('$.__type')\"}}"
    )
    error_message = "anything else is answered with the error's name"
  }
}
