-- Two payments as they were stored before a payment could have several attempts.
INSERT INTO payment (lane, project, payment, version, status, amount, currency, captured, refunded, refunding, terms, created_at, updated_at, finished_at)
VALUES (187, 200, 'paid-old', 6, 'success', 600100, 'INR', 600100, 0, 600100, '{"amount":{"minor":600100,"currency":"INR"},"converted":{"minor":600100,"currency":"INR"},"description":null,"customer":{"id":"1","ip_address":"1.1.1.1","phone":null,"email":null,"first_name":null,"last_name":null},"callback":{"url":null,"delay_seconds":0,"disabled":false},"return_urls":{"success":null,"decline":null,"unknown":null},"late_success":"GiveBack","limit_at":1795467029727,"request_digest":18049578766745004234}', 1795466129727, 1795466134488, 1795466129745),
       (81, 200, 'open-old', 2, 'awaiting redirect result', 2500, 'INR', 0, 0, 0, '{"amount":{"minor":2500,"currency":"INR"},"converted":{"minor":2500,"currency":"INR"},"description":null,"customer":{"id":"1","ip_address":"1.1.1.1","phone":null,"email":null,"first_name":null,"last_name":null},"callback":{"url":null,"delay_seconds":0,"disabled":false},"return_urls":{"success":null,"decline":null,"unknown":null},"late_success":"GiveBack","limit_at":1795466987183,"request_digest":1}', 1795466087183, 1795466087190, NULL);

INSERT INTO operation (lane, project, payment, operation, kind, request, reference, merchant_refund_id, amount, converted, state, detail, created_at, updated_at)
VALUES (187, 200, 'paid-old', 10000000036, 'refund', 'request-36', 'paid-old-0187-7702308d7b0a16c2', NULL, 600100, 600100, '{"Pending":{"since":1795466134463,"provider_id":"2026112417"}}', '{"origin":"Merchant","description":"x","callback":{"url":null,"delay_seconds":0,"disabled":false}}', 1795466134455, 1795466134488),
       (187, 200, 'paid-old', 10000000028, 'sale', 'request-28', 'paid-old-0187-d9a22d38a5f235ca', NULL, 600100, 600100, '{"state":{"Captured":{"transaction_id":"20261124179546612973700000000000004","date":1795466129000,"mode":"PPI","bank_reference":"60000004"}},"last_question_asked":false}', '', 1795466129727, 1795466129745),
       (81, 200, 'open-old', 10000000002, 'sale', 'request-2', 'open-old-0081-98d880fbc1ab93fb', NULL, 2500, 2500, '{"state":{"AwaitingRedirect":{"method":"Post","url":"https://paytm.example/","fields":[]}},"last_question_asked":false}', '', 1795466087183, 1795466087190);

INSERT INTO job (lane, project, payment, kind, operation, due_at)
VALUES (187, 200, 'paid-old', 'refund', 10000000036, 1795466139668),
       (81, 200, 'open-old', 'ask_sale', 0, 1795466137318),
       (81, 200, 'open-old', 'limit_sale', 0, 1795466984183);
