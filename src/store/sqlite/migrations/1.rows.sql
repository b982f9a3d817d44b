-- What version 1 wrote, for tests of what becomes of it: two tenants, a group and another that was merged into it,
-- a delivery, and all that belongs to them.

UPDATE meta SET value = CASE name WHEN 'directory_revision' THEN 5 WHEN 'chats' THEN 1 ELSE 2 END;
INSERT INTO tenants (slug, multi_tenant, suspended, created_at) VALUES ('acme', 0, 0, 1), ('other', 1, 1, 2);
INSERT INTO relays (slug, kind, url, created_at) VALUES ('rly-1', 'native', 'http://mac.example', 3), ('rly-2', 'loopback', NULL, 4);
INSERT INTO secrets (owner_kind, owner, secret, created_at, expires_at) VALUES
    ('tenant', 'acme', '0123456789abcdef0123456789abcdef', 1, NULL), ('relay', 'rly-1', '1123456789abcdef0123456789abcdef', 3, 9);
INSERT INTO lines (number, tenant, relay, active, created_at) VALUES
    ('+15555550100', 'acme', 'rly-1', 0, 5), ('+15555550101', 'other', 'rly-1', 1, 6);
INSERT INTO chats (id, tenant, line, origin, is_group, created_at, updated_at, version, state, merged_into) VALUES
    (x'019a0000000070008000000000000001', 'acme', '+15555550100', 'api', 1, 7, 9, 2,
     x'01018080ccba8ad0b7ab3107726c792d313a31010b616e793b2b3b6368617431000110694d6573736167653b2b3b6368617431010001010a5465616d206c756e63680001000100010000010c2b3135353535353530313030010c2b31343135353535303131310100020000000000', NULL),
    (x'019a0000000070008000000000000002', 'acme', '+15555550100', 'event', NULL, 8, 9, 1, x'0100000000000000000000',
     x'019a0000000070008000000000000001');
INSERT INTO conversation_keys (tenant, conversation, line, chat_id) VALUES
    ('acme', 'any;+;chat1', '+15555550100', x'019a0000000070008000000000000001');
INSERT INTO participants (tenant, address, chat_id) VALUES ('acme', '+14155550111', x'019a0000000070008000000000000001');
INSERT INTO receipts (claimed, digest, effective) VALUES
    (1777636800000000000, x'00000000000000000000000000000001', NULL), (1777636900000000000, x'00000000000000000000000000000002', 7);
INSERT INTO deliveries (id, message_id, tenant, line, relay, idempotency_key, fingerprint, opened_at, chat_id, failure_told, progress, token, lease_until, answer) VALUES
    (x'00000000000000000000000000000003', x'00000000000000000000000000000004', 'acme', '+15555550100', 'gone', 'lunch-1',
     zeroblob(32), 6, x'019a0000000070008000000000000001', 0, 'answered', NULL, NULL, x'7b7d');
INSERT INTO line_health (tenant, line, successes, deliveries) VALUES ('acme', '+15555550100', 1, 1);
INSERT INTO changes (tenant, chat_id, version, at, event_id, event_time, changes) VALUES
    ('acme', x'019a0000000070008000000000000001', 1, 7, 'delivery:3', 6, '[{"type":"created"}]'),
    ('acme', x'019a0000000070008000000000000001', 2, 9, 'rly-1:1', 8, '[{"type":"bound"}]'),
    ('acme', x'019a0000000070008000000000000002', 1, 8, 'rly-1:0', 8, '[{"type":"created"}]');
