# The integrations that put an event into the stream, and what they answer.

locals {
  # The 200 response is what completes a handshake. There is deliberately no other for $connect: where the
  # stream does not take a CONNECT event that a function asked for, the client is refused and tries again. What a
  # function of $connect answers is the response itself.
  # Without acknowledgements a message route is one-way and needs no response.
  integration_responses = merge(
    var.connect_function == null ? { "connect/200" = { integration = "connect", key = "/200/", template = null } } : {},
    local.disconnect_to_stream ? { "disconnect/200" = { integration = "disconnect", key = "/200/", template = null } } : {},
    var.acknowledgements ? {
      "message/200"     = { integration = "message", key = "/200/", template = file("${path.module}/templates/ack.vtl") }
      "message/default" = { integration = "message", key = "$default", template = file("${path.module}/templates/nack.vtl") }
    } : {},
  )
}

resource "aws_apigatewayv2_integration" "this" {
  for_each = local.integrations

  api_id                        = aws_apigatewayv2_api.this.id
  integration_type              = each.value.type
  integration_method            = each.value.method
  integration_uri               = each.value.function == null ? each.value.uri : var.connect_function.invoke_arn
  credentials_arn               = each.value.role == null ? null : aws_iam_role.integration.arn
  timeout_milliseconds          = each.value.timeout_ms
  template_selection_expression = each.value.template == null ? null : local.label
  request_templates             = each.value.template == null ? null : { (local.label) = each.value.template }
  passthrough_behavior          = each.value.passthrough

  # A route must point at the new integration before the old one may go.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_apigatewayv2_integration_response" "this" {
  for_each = local.integration_responses

  api_id                        = aws_apigatewayv2_api.this.id
  integration_id                = aws_apigatewayv2_integration.this[each.value.integration].id
  integration_response_key      = each.value.key
  template_selection_expression = each.value.template == null ? null : local.label
  response_templates            = each.value.template == null ? null : { (local.label) = each.value.template }
}
