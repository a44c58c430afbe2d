# The API that most questions go to. It has no $connect, so that nothing stands in the way of a connection.

locals {
  # A template that puts $data into the stream under the question's name.
  put = <<-EOT

    {"StreamName":"${var.prefix}","PartitionKey":"%s","Data":"$util.base64Encode($data)"}
  EOT

  integrations = merge(
    { for id, lines in var.records : "record/${id}" => {
      route    = id
      template = "${lines}${format(local.put, id)}"
    } },
    # No response of its own: the answer of the service is relayed as it is.
    { for id in ["relayed", "ready"] : "record/${id}" => {
      route    = id
      template = "#set($data = \"relayed\")${format(local.put, id)}"
    } },
    { for id in ["one-way-missing-stream", "two-way-missing-stream"] : "missing/${id}" => {
      route    = id
      template = "#set($data = \"lost\")${replace(format(local.put, id), "\"${var.prefix}\"", "\"${local.missing_stream}\"")}"
    } },
    { disconnect = {
      route    = "$disconnect"
      template = "#set($data = \"$context.eventType <$context.disconnectStatusCode> <$context.disconnectReason> <$context.messageDirection> <$context.connectedAt> <$context.requestTimeEpoch>\")${format(local.put, "$context.connectionId")}"
    } },
    # No JSON, no route of its own: the stage says which question is asked.
    { raw = {
      route = "$default"
      template = join("", concat(
        ["#set($data = \"\")"],
        [for id, lines in var.raw : "#if($stageVariables.ask == \"${id}\")${lines}#end"],
        [format(local.put, "$stageVariables.ask")],
      ))
    } },
  )

  two_way = toset(["relayed", "two-way-missing-stream"])
}

resource "aws_apigatewayv2_api" "main" {
  name                       = var.prefix
  protocol_type              = "WEBSOCKET"
  route_selection_expression = "$request.body.ask"
}

resource "aws_apigatewayv2_integration" "this" {
  for_each = local.integrations

  api_id                        = aws_apigatewayv2_api.main.id
  integration_type              = "AWS"
  integration_method            = "POST"
  integration_uri               = local.put_record_uri
  credentials_arn               = aws_iam_role.integration.arn
  template_selection_expression = "default"
  request_templates             = { default = each.value.template }
  passthrough_behavior          = "NEVER"
}

resource "aws_apigatewayv2_route" "this" {
  for_each = local.integrations

  api_id    = aws_apigatewayv2_api.main.id
  route_key = each.value.route
  target    = "integrations/${aws_apigatewayv2_integration.this[each.key].id}"
}

resource "aws_apigatewayv2_route_response" "this" {
  for_each = { for key, integration in local.integrations : integration.route => key if contains(local.two_way, integration.route) }

  api_id             = aws_apigatewayv2_api.main.id
  route_id           = aws_apigatewayv2_route.this[each.value].id
  route_response_key = "$default"
}

resource "aws_apigatewayv2_integration_response" "this" {
  for_each = { for key, integration in local.integrations : integration.route => key if contains(local.two_way, integration.route) }

  api_id                   = aws_apigatewayv2_api.main.id
  integration_id           = aws_apigatewayv2_integration.this[each.value].id
  integration_response_key = "/200/"
}

# A sole template under a key that nothing selects, and no expression.
resource "aws_apigatewayv2_integration" "omitted" {
  api_id             = aws_apigatewayv2_api.main.id
  integration_type   = "AWS"
  integration_method = "POST"
  integration_uri    = local.put_record_uri
  credentials_arn    = aws_iam_role.integration.arn
  request_templates  = { anything = "#set($data = \"the sole template\")${format(local.put, "template-omitted")}" }
}

resource "aws_apigatewayv2_route" "omitted" {
  api_id    = aws_apigatewayv2_api.main.id
  route_key = "template-omitted"
  target    = "integrations/${aws_apigatewayv2_integration.omitted.id}"
}

# A MOCK that answers with the status that a message asks for: each status has a template of its own.
resource "aws_apigatewayv2_integration" "language" {
  api_id                        = aws_apigatewayv2_api.main.id
  integration_type              = "MOCK"
  template_selection_expression = "default"
  request_templates             = { default = "{\"statusCode\": $input.json('$.status')}" }
}

resource "aws_apigatewayv2_integration_response" "language" {
  for_each = var.language

  api_id                        = aws_apigatewayv2_api.main.id
  integration_id                = aws_apigatewayv2_integration.language.id
  integration_response_key      = each.value.key
  template_selection_expression = "default"
  response_templates            = { default = each.value.template }
}

# The template by the status, not by a label.
resource "aws_apigatewayv2_integration_response" "by_status" {
  api_id                        = aws_apigatewayv2_api.main.id
  integration_id                = aws_apigatewayv2_integration.language.id
  integration_response_key      = "/29[0-9]/"
  template_selection_expression = "$integration.response.statuscode"
  response_templates            = { 290 = "the template of 290", 291 = "the template of 291" }
}

resource "aws_apigatewayv2_route" "language" {
  api_id    = aws_apigatewayv2_api.main.id
  route_key = "language"
  target    = "integrations/${aws_apigatewayv2_integration.language.id}"
}

resource "aws_apigatewayv2_route_response" "language" {
  api_id             = aws_apigatewayv2_api.main.id
  route_id           = aws_apigatewayv2_route.language.id
  route_response_key = "$default"
}

# What only AWS can be asked: a function behind a route, slower than the integration's timeout.
resource "aws_apigatewayv2_integration" "slow" {
  count = var.lambda_integration ? 1 : 0

  api_id               = aws_apigatewayv2_api.main.id
  integration_type     = "AWS_PROXY"
  integration_method   = "POST"
  integration_uri      = aws_lambda_function.this["slow"].invoke_arn
  timeout_milliseconds = 500
}

resource "aws_apigatewayv2_route" "slow" {
  count = var.lambda_integration ? 1 : 0

  api_id    = aws_apigatewayv2_api.main.id
  route_key = "slow"
  target    = "integrations/${aws_apigatewayv2_integration.slow[0].id}"
}

resource "aws_lambda_permission" "slow" {
  count = var.lambda_integration ? 1 : 0

  statement_id  = "gateway"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this["slow"].function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.main.execution_arn}/*"
}

resource "aws_apigatewayv2_deployment" "main" {
  api_id = aws_apigatewayv2_api.main.id

  depends_on = [
    aws_apigatewayv2_route.this,
    aws_apigatewayv2_route.omitted,
    aws_apigatewayv2_route.language,
    aws_apigatewayv2_route.slow,
    aws_apigatewayv2_route_response.this,
    aws_apigatewayv2_route_response.language,
    aws_apigatewayv2_integration_response.this,
    aws_apigatewayv2_integration_response.language,
    aws_apigatewayv2_integration_response.by_status,
  ]
}

resource "aws_apigatewayv2_stage" "main" {
  api_id          = aws_apigatewayv2_api.main.id
  name            = "v1"
  deployment_id   = aws_apigatewayv2_deployment.main.id
  stage_variables = { ask = "nothing" }
}

resource "aws_apigatewayv2_stage" "raw" {
  for_each = var.raw

  api_id          = aws_apigatewayv2_api.main.id
  name            = each.key
  deployment_id   = aws_apigatewayv2_deployment.main.id
  stage_variables = { ask = each.key }
}

resource "aws_apigatewayv2_stage" "throttled" {
  api_id          = aws_apigatewayv2_api.main.id
  name            = "throttled"
  deployment_id   = aws_apigatewayv2_deployment.main.id
  stage_variables = { ask = "nothing" }

  default_route_settings {
    throttling_rate_limit  = 1
    throttling_burst_limit = 1
  }
}
