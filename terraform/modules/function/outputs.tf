output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "fault_queue_url" {
  description = "URL of the queue of records that the function gave up on."
  value       = aws_sqs_queue.faults.url
}
