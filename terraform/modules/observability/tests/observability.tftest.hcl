# The alarms and the dashboard.

mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name = "sluicegate"
  api = {
    id    = "a1b2c3d4e5"
    stage = "v1"
  }
  stream_name = "sluicegate-events"
  functions = {
    echo = {
      name                   = "sluicegate-echo"
      dead_letter_queue_name = "sluicegate-echo-dlq"
    }
  }
  alarm_topic_arns           = ["arn:aws:sns:eu-west-1:000000000000:on-call"]
  iterator_age_alarm_seconds = 60
  mapping_metrics            = true
  mapping_ids                = { echo = "11111111-2222-3333-4444-555555555555" }
}

run "watches_every_hop" {
  command = plan

  assert {
    condition = output.alarm_names == tolist([
      "sluicegate-echo-dead-letter-failures",
      "sluicegate-echo-destination-failures",
      "sluicegate-echo-dlq",
      "sluicegate-echo-dlq-age",
      "sluicegate-echo-dropped",
      "sluicegate-echo-errors",
      "sluicegate-echo-given-up",
      "sluicegate-echo-iterator-age",
      "sluicegate-echo-throttles",
      "sluicegate-execution-errors",
      "sluicegate-integration-errors",
      "sluicegate-write-throttles",
    ])
    error_message = "there must be an alarm for each hop"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["integration-errors"].namespace == "AWS/ApiGateway" &&
      aws_cloudwatch_metric_alarm.this["integration-errors"].metric_name == "IntegrationError" &&
      aws_cloudwatch_metric_alarm.this["integration-errors"].dimensions == tomap({ ApiId = "a1b2c3d4e5", Stage = "v1" }) &&
      aws_cloudwatch_metric_alarm.this["integration-errors"].statistic == "Sum" &&
      aws_cloudwatch_metric_alarm.this["integration-errors"].comparison_operator == "GreaterThanThreshold" &&
      aws_cloudwatch_metric_alarm.this["integration-errors"].threshold == 0
    )
    error_message = "integration-errors must watch IntegrationError"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["write-throttles"].namespace == "AWS/Kinesis" &&
      aws_cloudwatch_metric_alarm.this["write-throttles"].metric_name == "WriteProvisionedThroughputExceeded" &&
      aws_cloudwatch_metric_alarm.this["write-throttles"].dimensions == tomap({ StreamName = "sluicegate-events" }) &&
      aws_cloudwatch_metric_alarm.this["write-throttles"].statistic == "Sum" &&
      aws_cloudwatch_metric_alarm.this["write-throttles"].comparison_operator == "GreaterThanThreshold" &&
      aws_cloudwatch_metric_alarm.this["write-throttles"].threshold == 0
    )
    error_message = "write-throttles must watch WriteProvisionedThroughputExceeded"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["echo-iterator-age"].namespace == "AWS/Lambda" &&
      aws_cloudwatch_metric_alarm.this["echo-iterator-age"].metric_name == "IteratorAge" &&
      aws_cloudwatch_metric_alarm.this["echo-iterator-age"].dimensions == tomap({ FunctionName = "sluicegate-echo" }) &&
      aws_cloudwatch_metric_alarm.this["echo-iterator-age"].statistic == "Maximum" &&
      aws_cloudwatch_metric_alarm.this["echo-iterator-age"].comparison_operator == "GreaterThanOrEqualToThreshold" &&
      aws_cloudwatch_metric_alarm.this["echo-iterator-age"].threshold == 60000
    )
    error_message = "echo-iterator-age must watch IteratorAge"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["echo-dlq"].namespace == "AWS/SQS" &&
      aws_cloudwatch_metric_alarm.this["echo-dlq"].metric_name == "ApproximateNumberOfMessagesVisible" &&
      aws_cloudwatch_metric_alarm.this["echo-dlq"].dimensions == tomap({ QueueName = "sluicegate-echo-dlq" }) &&
      aws_cloudwatch_metric_alarm.this["echo-dlq"].statistic == "Maximum" &&
      aws_cloudwatch_metric_alarm.this["echo-dlq"].comparison_operator == "GreaterThanThreshold" &&
      aws_cloudwatch_metric_alarm.this["echo-dlq"].threshold == 0
    )
    error_message = "echo-dlq must watch ApproximateNumberOfMessagesVisible"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["echo-dead-letter-failures"].namespace == "Sluicegate" &&
      aws_cloudwatch_metric_alarm.this["echo-dead-letter-failures"].metric_name == "DeadLetterFailures" &&
      aws_cloudwatch_metric_alarm.this["echo-dead-letter-failures"].dimensions == tomap({ FunctionName = "sluicegate-echo" }) &&
      aws_cloudwatch_metric_alarm.this["echo-dead-letter-failures"].statistic == "Sum" &&
      aws_cloudwatch_metric_alarm.this["echo-dead-letter-failures"].comparison_operator == "GreaterThanThreshold" &&
      aws_cloudwatch_metric_alarm.this["echo-dead-letter-failures"].threshold == 0
    )
    error_message = "echo-dead-letter-failures must watch DeadLetterFailures"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["echo-destination-failures"].namespace == "AWS/Lambda" &&
      aws_cloudwatch_metric_alarm.this["echo-destination-failures"].metric_name == "DestinationDeliveryFailures" &&
      aws_cloudwatch_metric_alarm.this["echo-destination-failures"].dimensions == tomap({ FunctionName = "sluicegate-echo" }) &&
      aws_cloudwatch_metric_alarm.this["echo-destination-failures"].statistic == "Sum" &&
      aws_cloudwatch_metric_alarm.this["echo-destination-failures"].comparison_operator == "GreaterThanThreshold" &&
      aws_cloudwatch_metric_alarm.this["echo-destination-failures"].threshold == 0
    )
    error_message = "echo-destination-failures must watch DestinationDeliveryFailures"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["echo-errors"].namespace == "AWS/Lambda" &&
      aws_cloudwatch_metric_alarm.this["echo-errors"].metric_name == "Errors" &&
      aws_cloudwatch_metric_alarm.this["echo-errors"].dimensions == tomap({ FunctionName = "sluicegate-echo" }) &&
      aws_cloudwatch_metric_alarm.this["echo-errors"].statistic == "Sum" &&
      aws_cloudwatch_metric_alarm.this["echo-errors"].comparison_operator == "GreaterThanThreshold" &&
      aws_cloudwatch_metric_alarm.this["echo-errors"].threshold == 0
    )
    error_message = "echo-errors must watch Errors"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["echo-throttles"].namespace == "AWS/Lambda" &&
      aws_cloudwatch_metric_alarm.this["echo-throttles"].metric_name == "Throttles" &&
      aws_cloudwatch_metric_alarm.this["echo-throttles"].dimensions == tomap({ FunctionName = "sluicegate-echo" }) &&
      aws_cloudwatch_metric_alarm.this["echo-throttles"].statistic == "Sum" &&
      aws_cloudwatch_metric_alarm.this["echo-throttles"].comparison_operator == "GreaterThanThreshold" &&
      aws_cloudwatch_metric_alarm.this["echo-throttles"].threshold == 0
    )
    error_message = "echo-throttles must watch Throttles"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["execution-errors"].namespace == "AWS/ApiGateway" &&
      aws_cloudwatch_metric_alarm.this["execution-errors"].metric_name == "ExecutionError" &&
      aws_cloudwatch_metric_alarm.this["execution-errors"].dimensions == tomap({ ApiId = "a1b2c3d4e5", Stage = "v1" }) &&
      aws_cloudwatch_metric_alarm.this["execution-errors"].statistic == "Sum" &&
      aws_cloudwatch_metric_alarm.this["execution-errors"].comparison_operator == "GreaterThanThreshold" &&
      aws_cloudwatch_metric_alarm.this["execution-errors"].threshold == 0
    )
    error_message = "execution-errors must watch ExecutionError"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["echo-dlq-age"].namespace == "AWS/SQS" &&
      aws_cloudwatch_metric_alarm.this["echo-dlq-age"].metric_name == "ApproximateAgeOfOldestMessage" &&
      aws_cloudwatch_metric_alarm.this["echo-dlq-age"].dimensions == tomap({ QueueName = "sluicegate-echo-dlq" }) &&
      aws_cloudwatch_metric_alarm.this["echo-dlq-age"].statistic == "Maximum" &&
      aws_cloudwatch_metric_alarm.this["echo-dlq-age"].comparison_operator == "GreaterThanThreshold" &&
      aws_cloudwatch_metric_alarm.this["echo-dlq-age"].threshold == 43200
    )
    error_message = "echo-dlq-age must watch ApproximateAgeOfOldestMessage"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["echo-given-up"].namespace == "AWS/Lambda" &&
      aws_cloudwatch_metric_alarm.this["echo-given-up"].metric_name == "OnFailureDestinationDeliveredEventCount" &&
      aws_cloudwatch_metric_alarm.this["echo-given-up"].dimensions == tomap({ EventSourceMappingUUID = "11111111-2222-3333-4444-555555555555" }) &&
      aws_cloudwatch_metric_alarm.this["echo-given-up"].statistic == "Sum" &&
      aws_cloudwatch_metric_alarm.this["echo-given-up"].comparison_operator == "GreaterThanThreshold" &&
      aws_cloudwatch_metric_alarm.this["echo-given-up"].threshold == 0
    )
    error_message = "echo-given-up must watch OnFailureDestinationDeliveredEventCount"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["echo-dropped"].namespace == "AWS/Lambda" &&
      aws_cloudwatch_metric_alarm.this["echo-dropped"].metric_name == "DroppedEventCount" &&
      aws_cloudwatch_metric_alarm.this["echo-dropped"].dimensions == tomap({ EventSourceMappingUUID = "11111111-2222-3333-4444-555555555555" }) &&
      aws_cloudwatch_metric_alarm.this["echo-dropped"].statistic == "Sum" &&
      aws_cloudwatch_metric_alarm.this["echo-dropped"].comparison_operator == "GreaterThanThreshold" &&
      aws_cloudwatch_metric_alarm.this["echo-dropped"].threshold == 0
    )
    error_message = "echo-dropped must watch DroppedEventCount"
  }

  assert {
    condition = alltrue([for alarm in aws_cloudwatch_metric_alarm.this :
      alarm.alarm_actions == toset(var.alarm_topic_arns) && alarm.ok_actions == toset(var.alarm_topic_arns) && alarm.treat_missing_data == "notBreaching"
    ])
    error_message = "every alarm must notify its topics when it begins and ends, and be quiet without traffic"
  }
}

run "shows_every_hop" {
  command = plan

  assert {
    condition = toset([
      for metric in flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : [for metric in widget.properties.metrics : "${metric[0]} ${metric[1]}"]]) : metric
      ]) == toset([
      "AWS/ApiGateway ClientError", "AWS/ApiGateway ConnectCount", "AWS/ApiGateway ExecutionError", "AWS/ApiGateway IntegrationError",
      "AWS/ApiGateway IntegrationLatency", "AWS/ApiGateway MessageCount",
      "AWS/Kinesis IncomingRecords", "AWS/Kinesis WriteProvisionedThroughputExceeded",
      "AWS/Lambda Duration", "AWS/Lambda Errors", "AWS/Lambda Invocations", "AWS/Lambda IteratorAge", "AWS/Lambda Throttles",
      "AWS/SQS ApproximateNumberOfMessagesVisible",
    ])
    error_message = "the dashboard must show the metrics of every hop"
  }

  assert {
    condition     = output.dashboard_url == "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#dashboards/dashboard/sluicegate"
    error_message = "the address must lead to the dashboard"
  }
}

run "draws_no_empty_chart" {
  command = plan

  variables {
    functions = {}
  }

  assert {
    condition     = alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : length(widget.properties.metrics) > 0])
    error_message = "CloudWatch refuses a chart without metrics"
  }

  assert {
    condition     = output.alarm_names == tolist(["sluicegate-execution-errors", "sluicegate-integration-errors", "sluicegate-write-throttles"])
    error_message = "without functions only the shared hops are watched"
  }
}

run "says_until_when_to_redrive_and_where_the_runbook_is" {
  command = plan

  variables {
    retention_hours = 48
    runbooks        = "https://wiki.example.com/runbooks"
  }

  assert {
    condition = alltrue([for name in ["echo-dlq", "echo-dlq-age", "echo-given-up"] :
      strcontains(aws_cloudwatch_metric_alarm.this[name].alarm_description, "within 48 hours of when they were sent")
    ])
    error_message = "a place in the stream is worth as much as the stream's retention"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["echo-dlq-age"].threshold == 24 * 3600
    error_message = "the age goes off at half of the retention"
  }

  assert {
    condition = alltrue([for name, alarm in aws_cloudwatch_metric_alarm.this :
      endswith(alarm.alarm_description, " Runbook: https://wiki.example.com/runbooks#${trimprefix(name, "echo-")}") && length(alarm.alarm_description) <= 1024
    ])
    error_message = "each alarm must name its runbook"
  }
}

run "goes_off_at_the_thresholds_given" {
  command = plan

  variables {
    thresholds = {
      integration_errors    = 1
      execution_errors      = 2
      write_throttles       = 3
      errors                = 4
      throttles             = 5
      dead_letters          = 6
      dead_letter_age_hours = 7
      dead_letter_failures  = 8
      destination_failures  = 9
      given_up_events       = 10
      dropped_events        = 11
    }
  }

  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.threshold } == {
      integration-errors        = 1
      execution-errors          = 2
      write-throttles           = 3
      echo-errors               = 4
      echo-throttles            = 5
      echo-dlq                  = 6
      echo-dlq-age              = 7 * 3600
      echo-dead-letter-failures = 8
      echo-destination-failures = 9
      echo-given-up             = 10
      echo-dropped              = 11
      echo-iterator-age         = 60000
    }
    error_message = "each alarm must have its own threshold"
  }
}

run "watches_no_metrics_that_mappings_do_not_publish" {
  command = plan

  variables {
    mapping_metrics = false
  }

  assert {
    condition     = !contains(output.alarm_names, "sluicegate-echo-given-up") && !contains(output.alarm_names, "sluicegate-echo-dropped")
    error_message = "an alarm without a metric watches nothing"
  }
}
