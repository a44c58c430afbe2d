output "account_id" {
  description = "The account, so that it is left out of what is written."
  value       = data.aws_caller_identity.current.account_id
}

output "region" {
  description = "The region."
  value       = data.aws_region.current.name
}

output "apis" {
  description = "By name: the id of each API, and the address that its stages lie below."
  value = {
    for name, api in merge({ main = aws_apigatewayv2_api.main }, aws_apigatewayv2_api.door) :
    name => { id = api.id, endpoint = api.api_endpoint }
  }

  depends_on = [aws_apigatewayv2_stage.main, aws_apigatewayv2_stage.raw, aws_apigatewayv2_stage.throttled, aws_apigatewayv2_stage.door]
}

output "stream_name" {
  description = "The stream that template questions are answered through."
  value       = aws_kinesis_stream.this.name
}

output "log_groups" {
  description = "By function: its log group."
  value       = { for key, group in aws_cloudwatch_log_group.this : key => group.name }
}
