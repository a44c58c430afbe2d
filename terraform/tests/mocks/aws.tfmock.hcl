# What a planned resource is known by in the tests: values of the shapes that AWS gives, so that policies and
# environments can be asserted in full. Every module's tests use this file.

mock_data "aws_caller_identity" {
  defaults = { account_id = "000000000000" }
}

mock_data "aws_partition" {
  defaults = {
    partition  = "aws"
    dns_suffix = "amazonaws.com"
  }
}

mock_data "aws_service" {
  defaults = {
    region   = "eu-west-1"
    dns_name = "sqs.eu-west-1.amazonaws.com"
  }
}

mock_resource "aws_apigatewayv2_api" {
  defaults = {
    id            = "a1b2c3d4e5"
    api_endpoint  = "wss://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
    execution_arn = "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5"
  }
}

mock_resource "aws_apigatewayv2_authorizer" {
  defaults = { id = "auth001" }
}

mock_resource "aws_apigatewayv2_integration" {
  defaults = { id = "int0001" }
}

mock_resource "aws_apigatewayv2_domain_name" {
  defaults = { id = "ws.example.com" }
}

mock_resource "aws_kinesis_stream" {
  defaults = { arn = "arn:aws:kinesis:eu-west-1:000000000000:stream/sluicegate-events" }
}

mock_resource "aws_kinesis_stream_consumer" {
  defaults = { arn = "arn:aws:kinesis:eu-west-1:000000000000:stream/sluicegate-events/consumer/sluicegate-echo:1767225600" }
}

mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::000000000000:role/sluicegate" }
}

mock_resource "aws_lambda_function" {
  defaults = {
    arn     = "arn:aws:lambda:eu-west-1:000000000000:function:sluicegate-echo"
    version = "3"
  }
}

mock_resource "aws_lambda_alias" {
  defaults = { arn = "arn:aws:lambda:eu-west-1:000000000000:function:sluicegate-echo:current" }
}

mock_resource "aws_lambda_event_source_mapping" {
  defaults = { uuid = "11111111-2222-3333-4444-555555555555" }
}

mock_resource "aws_cloudwatch_metric_alarm" {
  defaults = { arn = "arn:aws:cloudwatch:eu-west-1:000000000000:alarm:sluicegate" }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = { arn = "arn:aws:logs:eu-west-1:000000000000:log-group:sluicegate" }
}

mock_resource "aws_sqs_queue" {
  defaults = {
    arn = "arn:aws:sqs:eu-west-1:000000000000:sluicegate-echo-dlq"
    url = "https://sqs.eu-west-1.amazonaws.com/000000000000/sluicegate-echo-dlq"
  }
}
