output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "invoke_arn" {
  description = "What an API calls it by."
  value       = aws_lambda_function.this.invoke_arn
}

output "role_name" {
  description = "Name of the role."
  value       = aws_iam_role.this.name
}
