# What is kept: one key, the tables, three buckets.

resource "aws_kms_key" "data" {
  description             = "Seals the data of ${local.name}: tables, objects, face vectors"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = templatefile("${path.module}/../policies/key.json", {
    account = local.account
    region  = var.region
    name    = local.name
  })
}

resource "aws_kms_alias" "data" {
  name          = "alias/${local.name}"
  target_key_id = aws_kms_key.data.key_id
}

# tables.json is made from the program's own models by `python -m deploy tables`.
resource "aws_dynamodb_table" "table" {
  for_each                    = jsondecode(file("${path.module}/../tables.json"))
  name                        = "${local.name}-${each.key}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = each.value.hash_key
  range_key                   = each.value.range_key
  deletion_protection_enabled = var.keep_data

  dynamic "attribute" {
    for_each = each.value.attributes
    content {
      name = attribute.key
      type = attribute.value
    }
  }

  dynamic "ttl" {
    for_each = each.value.ttl[*]
    content {
      attribute_name = ttl.value
      enabled        = true
    }
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.data.arn
  }
}

locals {
  buckets = {
    uploads   = aws_s3_bucket.uploads
    results   = aws_s3_bucket.results
    artifacts = aws_s3_bucket.artifacts
  }
}

resource "aws_s3_bucket" "uploads" {
  bucket        = "${local.name}-uploads-${local.account}"
  force_destroy = !var.keep_data
}

resource "aws_s3_bucket" "results" {
  bucket        = "${local.name}-results-${local.account}"
  force_destroy = !var.keep_data
}

resource "aws_s3_bucket" "artifacts" {
  bucket        = "${local.name}-artifacts-${local.account}"
  force_destroy = true # the packages can be made again
}

resource "aws_s3_bucket_public_access_block" "closed" {
  for_each                = local.buckets
  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "sealed" {
  for_each = local.buckets
  bucket   = each.value.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.data.arn
    }
  }
}

# Jobs are forgotten after a week, as on AWS: see store/jobs.py. Snapshots stay, they spare a cold start the replay.
resource "aws_s3_bucket_lifecycle_configuration" "results" {
  bucket = aws_s3_bucket.results.id
  rule {
    id     = "results"
    status = "Enabled"
    filter {
      prefix = "jobs/"
    }
    expiration {
      days = 7
    }
  }
  rule {
    id     = "uploads-given-up"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

resource "aws_s3_object" "part" {
  for_each    = local.parts
  bucket      = aws_s3_bucket.artifacts.id
  key         = "${var.target}/${each.key}-${filemd5(each.value)}.zip"
  source      = each.value
  source_hash = filemd5(each.value)
}
