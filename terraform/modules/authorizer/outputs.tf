output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "invoke_arn" {
  description = "What an API calls it by."
  value       = aws_lambda_function.this.invoke_arn
}

output "identity_sources" {
  description = "What a handshake must have for the function to be invoked."
  value       = coalescelist(coalesce(var.settings.identity_sources, []), [local.places_of_token[var.settings.token_from]])
}

output "role_name" {
  description = "Name of the role."
  value       = aws_iam_role.this.name
}
