# Three small APIs for what happens before a message is handled: a model, a $connect, an authorizer.

locals {
  doors = { strict = "$default", door = "$connect", guarded = "$connect" }
  # The guarded API also has a message route, which tells what the authorizer left on the connection.
  door_routes = merge(
    { for name, key in local.doors : "${name}/${key}" => { api = name, key = key } },
    { "guarded/$default" = { api = "guarded", key = "$default" } },
    { for key in ["escaped-key", "lenient"] : "strict/${key}" => { api = "strict", key = key } },
  )
  door_templates = {
    "strict/$default"    = "{\"statusCode\": 200}"
    "strict/escaped-key" = "{\"statusCode\": 200}"
    "strict/lenient"     = "{statusCode: 200,}"
    "door/$connect"      = "{\"statusCode\": #if($input.params('status') != \"times\")$input.params('status')#elseif(\"$context.connectedAt\" == \"\" || \"$context.requestTimeEpoch\" == \"\")403#{else}201#end}"
    "guarded/$connect"   = "{\"statusCode\": 200}"
    "guarded/$default"   = "{\"statusCode\": 200}"
  }
  # A template is chosen by the label "default", but for the one whose key has a backslash.
  door_labels = { for name, route in local.door_routes : name => name == "strict/escaped-key" ? "\\$default" : "default" }
  # The door has none for 418.
  door_responses = {
    "strict/200"  = { route = "strict/$default", key = "/200/", template = "taken" }
    "strict/key"  = { route = "strict/escaped-key", key = "/200/", template = "the template applies" }
    "strict/418"  = { route = "strict/escaped-key", key = "/418/", template = "the message is passed through" }
    "strict/read" = { route = "strict/lenient", key = "/200/", template = "read" }
    "door/200"    = { route = "door/$connect", key = "/200/", template = "{}" }
    "door/201"    = { route = "door/$connect", key = "/201/", template = "{}" }
    "door/403"    = { route = "door/$connect", key = "/403/", template = "{\"told\": \"by the response template\"}" }
    "guarded/200" = { route = "guarded/$connect", key = "/200/", template = "{}" }
    "guarded/who" = { route = "guarded/$default", key = "/200/", template = "<$context.authorizer.principalId> <$context.authorizer.number>" }
  }
}

resource "aws_apigatewayv2_api" "door" {
  for_each = local.doors

  name                       = "${var.prefix}-${each.key}"
  protocol_type              = "WEBSOCKET"
  route_selection_expression = "$request.body.ask"
}

resource "aws_apigatewayv2_integration" "door" {
  for_each = local.door_routes

  api_id                        = aws_apigatewayv2_api.door[each.value.api].id
  integration_type              = "MOCK"
  template_selection_expression = local.door_labels[each.key]
  request_templates             = { (local.door_labels[each.key]) = local.door_templates[each.key] }
}

resource "aws_apigatewayv2_integration_response" "door" {
  for_each = local.door_responses

  api_id                        = aws_apigatewayv2_api.door[local.door_routes[each.value.route].api].id
  integration_id                = aws_apigatewayv2_integration.door[each.value.route].id
  integration_response_key      = each.value.key
  template_selection_expression = "default"
  response_templates            = { default = each.value.template }
}

resource "aws_apigatewayv2_route" "door" {
  for_each = local.door_routes

  api_id                     = aws_apigatewayv2_api.door[each.value.api].id
  route_key                  = each.value.key
  target                     = "integrations/${aws_apigatewayv2_integration.door[each.key].id}"
  authorization_type         = each.key == "guarded/$connect" ? "CUSTOM" : "NONE"
  authorizer_id              = each.key == "guarded/$connect" ? aws_apigatewayv2_authorizer.guarded.id : null
  model_selection_expression = each.value.api == "strict" ? "default" : null
  request_models             = each.value.api == "strict" ? { default = aws_apigatewayv2_model.loose.name } : null
}

resource "aws_apigatewayv2_route_response" "door" {
  for_each = local.door_routes

  api_id             = aws_apigatewayv2_api.door[each.value.api].id
  route_id           = aws_apigatewayv2_route.door[each.key].id
  route_response_key = "$default"
}

# Any JSON satisfies it.
resource "aws_apigatewayv2_model" "loose" {
  api_id       = aws_apigatewayv2_api.door["strict"].id
  name         = "loose"
  content_type = "application/json"
  schema       = "{}"
}

resource "aws_apigatewayv2_authorizer" "guarded" {
  api_id           = aws_apigatewayv2_api.door["guarded"].id
  name             = "authorizer"
  authorizer_type  = "REQUEST"
  authorizer_uri   = aws_lambda_function.this["authorizer"].invoke_arn
  identity_sources = ["route.request.querystring.token"]
}

resource "aws_lambda_permission" "authorizer" {
  statement_id  = "gateway"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this["authorizer"].function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.door["guarded"].execution_arn}/authorizers/${aws_apigatewayv2_authorizer.guarded.id}"
}

resource "aws_apigatewayv2_deployment" "door" {
  for_each = local.doors

  api_id = aws_apigatewayv2_api.door[each.key].id

  depends_on = [
    aws_apigatewayv2_deployment.main, # AWS takes one deployment in five seconds
    aws_apigatewayv2_route.door,
    aws_apigatewayv2_route_response.door,
    aws_apigatewayv2_integration_response.door,
  ]
}

resource "aws_apigatewayv2_stage" "door" {
  for_each = local.doors

  api_id        = aws_apigatewayv2_api.door[each.key].id
  name          = "v1"
  deployment_id = aws_apigatewayv2_deployment.door[each.key].id
}
