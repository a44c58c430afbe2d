output "name" {
  description = "Name of the stream."
  value       = aws_kinesis_stream.this.name
}

output "arn" {
  description = "ARN of the stream."
  value       = aws_kinesis_stream.this.arn
}

output "customer_key_arn" {
  description = "ARN of the customer key that producers and consumers need to use, null where there is none."
  value       = startswith(var.kms_key_arn, "arn:") ? var.kms_key_arn : null
}
