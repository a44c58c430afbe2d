# What AWS would refuse only at apply is refused while planning.

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
}

run "refuses_a_name_with_a_space" {
  command = plan

  variables {
    name = "my stack"
  }

  expect_failures = [var.name]
}

run "refuses_a_topic_that_is_no_arn" {
  command = plan

  variables {
    alarm_topic_arns = ["on-call"]
  }

  expect_failures = [var.alarm_topic_arns]
}

run "refuses_more_than_five_topics" {
  command = plan

  variables {
    alarm_topic_arns = [for index in range(6) : "arn:aws:sns:eu-west-1:000000000000:topic-${index}"]
  }

  expect_failures = [var.alarm_topic_arns]
}

run "refuses_an_age_of_zero" {
  command = plan

  variables {
    iterator_age_alarm_seconds = 0
  }

  expect_failures = [var.iterator_age_alarm_seconds]
}

run "refuses_a_threshold_under_zero" {
  command = plan

  variables {
    thresholds = { errors = -1 }
  }

  expect_failures = [var.thresholds]
}
