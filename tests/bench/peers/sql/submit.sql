-- SPDX-License-Identifier: MIT
INSERT INTO jobs (payload) VALUES ('{"prompt": "x"}') RETURNING id;
