# The authorizer of $connect, and the leave of the functions on $connect to be invoked.

resource "aws_apigatewayv2_authorizer" "this" {
  count = var.authorizer == null ? 0 : 1

  api_id           = aws_apigatewayv2_api.this.id
  name             = var.authorizer.name
  authorizer_type  = local.authorizer_type
  authorizer_uri   = var.authorizer.invoke_arn
  identity_sources = var.authorizer.identity_sources
}

resource "aws_lambda_permission" "authorizer" {
  count = var.authorizer == null ? 0 : 1

  statement_id  = "gateway"
  action        = "lambda:InvokeFunction"
  function_name = var.authorizer.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/authorizers/${aws_apigatewayv2_authorizer.this[0].id}"
}

resource "aws_lambda_permission" "connect" {
  count = var.connect_function == null ? 0 : 1

  statement_id  = "gateway"
  action        = "lambda:InvokeFunction"
  function_name = var.connect_function.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = local.connect_arn
}
