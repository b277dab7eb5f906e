-- SPDX-License-Identifier: MIT
-- A queue as one builds it on PostgreSQL.
CREATE TABLE jobs (
  id bigserial PRIMARY KEY,
  status text NOT NULL DEFAULT 'waiting',
  priority int NOT NULL DEFAULT 50,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz
);
CREATE INDEX jobs_waiting ON jobs (priority DESC, id) WHERE status = 'waiting';
