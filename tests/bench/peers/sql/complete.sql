-- SPDX-License-Identifier: MIT
-- Submits a job, then works on the next one that nobody else works on, with nothing to do for it.
INSERT INTO jobs (payload) VALUES ('{"prompt": "x"}') RETURNING id;
UPDATE jobs SET status = 'completed', ended_at = now() WHERE id = (
  SELECT id FROM jobs WHERE status = 'waiting' ORDER BY priority DESC, id
  LIMIT 1 FOR UPDATE SKIP LOCKED);
