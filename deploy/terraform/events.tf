# What calls the functions besides the API: uploads, and the queue of jobs.

resource "aws_lambda_permission" "uploads" {
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.function["on_upload"].function_name
  principal      = "s3.amazonaws.com"
  source_arn     = aws_s3_bucket.uploads.arn
  source_account = local.account
}

resource "aws_s3_bucket_notification" "uploads" {
  bucket = aws_s3_bucket.uploads.id
  lambda_function {
    id                  = "on_upload"
    lambda_function_arn = aws_lambda_function.function["on_upload"].arn
    events              = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
  }
  depends_on = [aws_lambda_permission.uploads]
}

# Throttled events wait in Lambda's own queue for six hours, the most it takes; what fails to the last is parked.
resource "aws_lambda_function_event_invoke_config" "uploads" {
  function_name                = aws_lambda_function.function["on_upload"].function_name
  maximum_event_age_in_seconds = 21600
  maximum_retry_attempts       = 2
  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead_letters.arn
    }
  }
}

resource "aws_sqs_queue" "jobs" {
  name                    = "${local.name}-jobs"
  sqs_managed_sse_enabled = true
  # Six times the worker's timeout, as Lambda's guide asks. The worker itself shortens it for what failed.
  visibility_timeout_seconds = 6 * local.stage.lambda_functions.on_job.lambda_timeout
  message_retention_seconds  = 14 * 24 * 3600
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_jobs.arn
    maxReceiveCount     = 10
  })
}

resource "aws_sqs_queue" "dead_jobs" {
  name                      = "${local.name}-dead-jobs"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 14 * 24 * 3600
}

resource "aws_sqs_queue" "dead_letters" {
  name                       = "${local.name}-dead-letters"
  sqs_managed_sse_enabled    = true
  visibility_timeout_seconds = 6 * local.stage.lambda_functions.on_failed_upload.lambda_timeout
  message_retention_seconds  = 14 * 24 * 3600
}

resource "aws_lambda_event_source_mapping" "jobs" {
  event_source_arn        = aws_sqs_queue.jobs.arn
  function_name           = aws_lambda_function.function["on_job"].arn
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]
  scaling_config {
    maximum_concurrency = 20 # jobs at once, AWS's limit: see store/jobs.py
  }
}

resource "aws_lambda_event_source_mapping" "replay" {
  event_source_arn        = aws_sqs_queue.dead_letters.arn
  function_name           = aws_lambda_function.function["on_failed_upload"].arn
  enabled                 = var.replay
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]
}
