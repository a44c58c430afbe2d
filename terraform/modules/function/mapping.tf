# The function's own subscription to the stream: a consumer, and the event source mapping on it.

locals {
  # Filters of one mapping are alternatives. Without routes there is none: the function sees every event.
  filters = length(var.settings.routes) == 0 ? [] : concat(
    [jsonencode({ data = { routeKey = var.settings.routes } })],
    length(var.settings.lifecycle_events) == 0 ? [] : [jsonencode({ data = { eventType = var.settings.lifecycle_events } })],
  )
}

resource "aws_kinesis_stream_consumer" "this" {
  name       = var.name
  stream_arn = var.stream.arn
}

resource "aws_lambda_event_source_mapping" "this" {
  function_name    = aws_lambda_alias.current.arn
  event_source_arn = aws_kinesis_stream_consumer.this.arn # the consumer's, not the stream's: enhanced fan-out
  enabled          = var.settings.enabled

  # Read once, when the mapping is made. A change replaces the mapping, which starts there again.
  starting_position           = var.settings.starting_position
  starting_position_timestamp = var.settings.starting_position_timestamp

  batch_size                         = var.settings.batch_size
  maximum_batching_window_in_seconds = var.settings.batching_window_seconds
  parallelization_factor             = var.settings.parallelization_factor
  bisect_batch_on_function_error     = var.settings.bisect_on_error
  maximum_retry_attempts             = var.settings.maximum_retry_attempts
  maximum_record_age_in_seconds      = var.settings.maximum_record_age_seconds
  function_response_types            = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = local.dead_letter_queue_arn
    }
  }

  dynamic "metrics_config" {
    for_each = var.mapping_metrics ? ["EventCount"] : []
    content {
      metrics = [metrics_config.value]
    }
  }

  dynamic "filter_criteria" {
    for_each = length(local.filters) == 0 ? [] : [local.filters]
    content {
      dynamic "filter" {
        for_each = filter_criteria.value
        content {
          pattern = filter.value
        }
      }
    }
  }

  # AWS checks the role's permissions when the mapping is made, and then the function begins to run.
  depends_on = [aws_iam_role_policy.this, aws_iam_role_policy.own, aws_iam_role_policy_attachment.own]

  tags = var.tags
}
