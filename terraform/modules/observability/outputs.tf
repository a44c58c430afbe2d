output "dashboard_url" {
  description = "Address of the dashboard in the console."
  value       = "https://${data.aws_service.cloudwatch.region}.console.${local.console_domain}/cloudwatch/home?region=${data.aws_service.cloudwatch.region}#dashboards/dashboard/${aws_cloudwatch_dashboard.this.dashboard_name}"
}

output "alarm_arns" {
  description = "ARN of each alarm by its name without the stack's."
  value       = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.arn }
}

output "alarm_names" {
  description = "Names of the alarms."
  value       = sort([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name])
}
