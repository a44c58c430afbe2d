output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "dead_letter_queue_url" {
  description = "URL of the queue of records that the function gave up on."
  value       = aws_sqs_queue.dead_letters.url
}

output "mapping_id" {
  description = "Id of the event source mapping; it is known when the mapping is enabled."
  value       = aws_lambda_event_source_mapping.this.uuid
}

output "arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn
}

output "role_name" {
  description = "Name of the function's role."
  value       = aws_iam_role.this.name
}

output "role_arn" {
  description = "ARN of the function's role."
  value       = aws_iam_role.this.arn
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "published_version" {
  description = "Number of the newest published version."
  value       = aws_lambda_function.this.version
}

output "alias_arn" {
  description = "ARN of the alias `current`, which leads to the version at work."
  value       = aws_lambda_alias.current.arn
}
