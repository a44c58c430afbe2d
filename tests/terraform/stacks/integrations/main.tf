# The integrations of WebSocket stacks outside of this repository: functions as proxies and with templates, and a queue.

variable "zip" {
  type        = string
  description = "The functions' code."
}

variable "architecture" {
  type        = string
  description = "The machine's own."
}

# There before the stack: the provider waits 25 s for each queue that it makes.
variable "queue_arn" {
  type        = string
  description = "Where orders go."
}

variable "connect_status" {
  type        = number
  description = "What the function behind $connect answers."
}

variable "reply" {
  type        = string
  description = "The member of a reply that has the greeting."
}

locals {
  answers = {
    connect = { statusCode = var.connect_status }
    proxy   = { statusCode = 200, body = "from the proxy" }
    greet   = { greeting = "hello" }
  }
  # Which integration each route has.
  routes = {
    "$connect" = aws_apigatewayv2_integration.proxy["connect"].id
    proxy      = aws_apigatewayv2_integration.proxy["proxy"].id
    greet      = aws_apigatewayv2_integration.greet.id
    order      = aws_apigatewayv2_integration.queue.id
  }
  two_way = toset(["greet", "proxy"])
}

resource "aws_iam_role" "function" {
  name = "integrations-function"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_lambda_function" "this" {
  for_each = local.answers

  function_name    = "integrations-${each.key}"
  role             = aws_iam_role.function.arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  filename         = var.zip
  source_code_hash = filebase64sha256(var.zip)

  environment {
    variables = { ANSWER = jsonencode(each.value) }
  }
}

# The proxies' own policies admit the gateway, and its role the function with templates.
resource "aws_lambda_permission" "gateway" {
  for_each = toset(["connect", "proxy"])

  statement_id  = "gateway"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this[each.key].function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/*"
}

resource "aws_iam_role" "gateway" {
  name = "integrations-gateway"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "apigateway.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "gateway" {
  name = "backends"
  role = aws_iam_role.gateway.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "lambda:InvokeFunction", Resource = aws_lambda_function.this["greet"].arn },
      { Effect = "Allow", Action = "sqs:SendMessage", Resource = var.queue_arn },
    ]
  })
}

resource "aws_apigatewayv2_api" "this" {
  name                       = "integrations"
  protocol_type              = "WEBSOCKET"
  route_selection_expression = "$request.body.action"
}

resource "aws_apigatewayv2_integration" "proxy" {
  for_each = toset(["connect", "proxy"])

  api_id             = aws_apigatewayv2_api.this.id
  integration_type   = "AWS_PROXY"
  integration_method = "POST"
  integration_uri    = aws_lambda_function.this[each.key].invoke_arn
}

resource "aws_apigatewayv2_integration" "greet" {
  api_id                        = aws_apigatewayv2_api.this.id
  integration_type              = "AWS"
  integration_method            = "POST"
  integration_uri               = aws_lambda_function.this["greet"].invoke_arn
  credentials_arn               = aws_iam_role.gateway.arn
  template_selection_expression = "\\$default"
  request_templates             = { "$default" = "{\"name\": $input.json('$.name')}" }
}

resource "aws_apigatewayv2_integration_response" "greet" {
  api_id                        = aws_apigatewayv2_api.this.id
  integration_id                = aws_apigatewayv2_integration.greet.id
  integration_response_key      = "$default"
  template_selection_expression = "\\$default"
  response_templates            = { "$default" = "{\"${var.reply}\": $input.json('$.greeting')}" }
}

resource "aws_apigatewayv2_integration" "queue" {
  api_id                        = aws_apigatewayv2_api.this.id
  integration_type              = "AWS"
  integration_method            = "POST"
  integration_uri               = "arn:aws:apigateway:us-east-1:sqs:path/${join("/", slice(split(":", var.queue_arn), 4, 6))}"
  credentials_arn               = aws_iam_role.gateway.arn
  passthrough_behavior          = "NEVER"
  request_parameters            = { "integration.request.header.Content-Type" = "'application/x-www-form-urlencoded'" }
  template_selection_expression = "\\$default"
  request_templates = {
    "$default" = "Action=SendMessage&MessageBody=$util.urlEncode($input.json('$.order'))"
  }
}

resource "aws_apigatewayv2_route" "this" {
  for_each = local.routes

  api_id                              = aws_apigatewayv2_api.this.id
  route_key                           = each.key
  target                              = "integrations/${each.value}"
  route_response_selection_expression = contains(local.two_way, each.key) ? "$default" : null
}

resource "aws_apigatewayv2_route_response" "this" {
  for_each = local.two_way

  api_id             = aws_apigatewayv2_api.this.id
  route_id           = aws_apigatewayv2_route.this[each.key].id
  route_response_key = "$default"
}

resource "aws_apigatewayv2_deployment" "this" {
  api_id = aws_apigatewayv2_api.this.id
  # Not the resources themselves: once read again, what was null in them is empty.
  triggers = { definition = filesha1("${path.module}/main.tf"), reply = var.reply }

  depends_on = [aws_apigatewayv2_integration_response.greet, aws_apigatewayv2_route_response.this]

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_apigatewayv2_stage" "this" {
  api_id        = aws_apigatewayv2_api.this.id
  name          = "v1"
  deployment_id = aws_apigatewayv2_deployment.this.id
}

output "websocket_uri" {
  description = "Where clients connect."
  value       = "${aws_apigatewayv2_api.this.api_endpoint}/${aws_apigatewayv2_stage.this.name}"
}
