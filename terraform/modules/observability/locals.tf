# What is watched: one entry for each alarm, and the same metrics on the dashboard.

locals {
  period_seconds = 60

  stage_dimensions  = { ApiId = var.api.id, Stage = var.api.stage }
  stream_dimensions = { StreamName = var.stream_name }

  # Most alarms count what should never happen; others name what differs.
  never = {
    statistic  = "Sum"
    comparison = "GreaterThanThreshold"
  }

  # A dead letter of the mapping's is a place in the stream: it waits for two weeks, and the record for less.
  redrive_within = "within ${var.retention_hours} hours of when they were sent"
  dlq_age_hours  = coalesce(var.thresholds.dead_letter_age_hours, var.retention_hours / 2)

  # Where acknowledgements are off, the client learns of neither: these alarms are how losses are seen.
  shared_alarms = {
    integration-errors = {
      description = "The gateway could not put events into the stream: see its role and the stream's limits."
      namespace   = "AWS/ApiGateway"
      metric      = "IntegrationError"
      dimensions  = local.stage_dimensions
      threshold   = var.thresholds.integration_errors
    }
    execution-errors = {
      description = "The gateway could not call the stream at all: see its role and its templates. The events are lost."
      namespace   = "AWS/ApiGateway"
      metric      = "ExecutionError"
      dimensions  = local.stage_dimensions
      threshold   = var.thresholds.execution_errors
    }
    write-throttles = {
      description = "The stream refused records: add shards, or lower the stage's rate limit."
      namespace   = "AWS/Kinesis"
      metric      = "WriteProvisionedThroughputExceeded"
      dimensions  = local.stream_dimensions
      threshold   = var.thresholds.write_throttles
    }
  }

  function_alarms = merge([
    for key, function in var.functions : {
      for name, alarm in merge({
        iterator-age = {
          description = "${function.name} falls behind the stream: raise parallelization_factor, batch_size or the shards."
          metric      = "IteratorAge"
          statistic   = "Maximum"
          comparison  = "GreaterThanOrEqualToThreshold"
          threshold   = var.iterator_age_alarm_seconds * 1000 # the metric is in milliseconds
        }
        dlq = {
          description = "${function.name} gave up on records: they wait in ${function.dead_letter_queue_name} for 14 days. Those that its mapping reported are places in the stream: redrive them ${local.redrive_within}."
          namespace   = "AWS/SQS"
          metric      = "ApproximateNumberOfMessagesVisible"
          dimensions  = { QueueName = function.dead_letter_queue_name }
          statistic   = "Maximum"
          threshold   = var.thresholds.dead_letters
        }
        dlq-age = {
          description = "Records wait in ${function.dead_letter_queue_name} for ${local.dlq_age_hours} hours: those that the mapping of ${function.name} reported are lost unless they are redriven ${local.redrive_within}."
          namespace   = "AWS/SQS"
          metric      = "ApproximateAgeOfOldestMessage"
          dimensions  = { QueueName = function.dead_letter_queue_name }
          statistic   = "Maximum"
          threshold   = local.dlq_age_hours * 3600 # the metric is in seconds
        }
        # Of two ways to lose a record for good: the queue takes it neither from the function nor from its mapping.
        dead-letter-failures = {
          description = "${function.name} cannot put records into ${function.dead_letter_queue_name}: see the queue, its policy and the function's log. They are lost once the stream has them no more, ${var.retention_hours} hours after they were sent."
          namespace   = "Sluicegate"
          metric      = "DeadLetterFailures"
          threshold   = var.thresholds.dead_letter_failures
        }
        destination-failures = {
          description = "The event source mapping of ${function.name} cannot report records to ${function.dead_letter_queue_name}: see the queue and the function's role. They are lost once the stream has them no more, ${var.retention_hours} hours after they were sent."
          metric      = "DestinationDeliveryFailures"
          threshold   = var.thresholds.destination_failures
        }
        errors = {
          description = "${function.name} crashed or ran out of time: see its log."
          metric      = "Errors"
          threshold   = var.thresholds.errors
        }
        throttles = {
          description = "${function.name} was not given the concurrency it needs: raise the reservation or the account's limit."
          metric      = "Throttles"
          threshold   = var.thresholds.throttles
        }
        }, {
        for name, alarm in {
          given-up = {
            description = "The event source mapping of ${function.name} gave up on records, and reported their places to ${function.dead_letter_queue_name}: redrive them ${local.redrive_within}."
            metric      = "OnFailureDestinationDeliveredEventCount"
            dimensions  = { EventSourceMappingUUID = lookup(var.mapping_ids, key, "") }
            threshold   = var.thresholds.given_up_events
          }
          dropped = {
            description = "The event source mapping of ${function.name} gave up on records and reported them nowhere: see its log for what fails. They are lost once the stream has them no more, ${var.retention_hours} hours after they were sent."
            metric      = "DroppedEventCount"
            dimensions  = { EventSourceMappingUUID = lookup(var.mapping_ids, key, "") }
            threshold   = var.thresholds.dropped_events
          }
        } : name => alarm if var.mapping_metrics
      }) : "${key}-${name}" => merge({ namespace = "AWS/Lambda", dimensions = { FunctionName = function.name }, runbook = name }, alarm)
    }
  ]...)

  alarms = { for name, alarm in merge(local.shared_alarms, local.function_alarms) : name => merge(local.never, { runbook = name }, alarm) }
}
