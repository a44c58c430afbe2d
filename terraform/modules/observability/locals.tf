# What is watched: one entry for each alarm, and the same metrics on the dashboard.

locals {
  period_seconds = 60

  stage_dimensions  = { ApiId = var.api.id, Stage = var.api.stage }
  stream_dimensions = { StreamName = var.stream_name }

  # Most alarms count what should never happen; others name what differs.
  never = {
    statistic  = "Sum"
    comparison = "GreaterThanThreshold"
    threshold  = 0
  }

  # Where acknowledgements are off, the client learns of neither: these alarms are how losses are seen.
  shared_alarms = {
    integration-errors = {
      description = "The gateway could not put events into the stream: see its role and the stream's limits."
      namespace   = "AWS/ApiGateway"
      metric      = "IntegrationError"
      dimensions  = local.stage_dimensions
    }
    write-throttles = {
      description = "The stream refused records: add shards, or lower the stage's rate limit."
      namespace   = "AWS/Kinesis"
      metric      = "WriteProvisionedThroughputExceeded"
      dimensions  = local.stream_dimensions
    }
  }

  function_alarms = merge([
    for key, function in var.functions : {
      for name, alarm in {
        iterator-age = {
          description = "${function.name} falls behind the stream: raise parallelization_factor, batch_size or the shards."
          metric      = "IteratorAge"
          statistic   = "Maximum"
          comparison  = "GreaterThanOrEqualToThreshold"
          threshold   = var.iterator_age_alarm_seconds * 1000 # the metric is in milliseconds
        }
        dlq = {
          description = "${function.name} gave up on records: they wait in ${function.dead_letter_queue_name}."
          namespace   = "AWS/SQS"
          metric      = "ApproximateNumberOfMessagesVisible"
          dimensions  = { QueueName = function.dead_letter_queue_name }
          statistic   = "Maximum"
        }
        # Of two ways to lose a record for good: the queue takes it neither from the function nor from its mapping.
        dead-letter-failures = {
          description = "${function.name} cannot put records into ${function.dead_letter_queue_name}: see the queue, its policy and the function's log. They are lost once the stream has them no more."
          namespace   = "Sluicegate"
          metric      = "DeadLetterFailures"
        }
        destination-failures = {
          description = "The event source mapping of ${function.name} cannot report records to ${function.dead_letter_queue_name}: see the queue and the function's role. They are lost once the stream has them no more."
          metric      = "DestinationDeliveryFailures"
        }
        errors = {
          description = "${function.name} crashed or ran out of time: see its log."
          metric      = "Errors"
        }
        throttles = {
          description = "${function.name} was not given the concurrency it needs: raise the reservation or the account's limit."
          metric      = "Throttles"
        }
      } : "${key}-${name}" => merge({ namespace = "AWS/Lambda", dimensions = { FunctionName = function.name } }, alarm)
    }
  ]...)

  alarms = { for name, alarm in merge(local.shared_alarms, local.function_alarms) : name => merge(local.never, alarm) }
}
