-- A payment may have several attempts at its sale: what belongs to one of them names it.

-- The sale that a refund gives back; a sale has none.
ALTER TABLE operation ADD COLUMN sale BIGINT;
UPDATE operation SET sale = (
    SELECT first.operation FROM operation AS first
    WHERE first.project = operation.project AND first.payment = operation.payment
      AND first.lane = operation.lane AND first.kind = 'sale')
WHERE kind = 'refund';

UPDATE job SET operation = (
    SELECT first.operation FROM operation AS first
    WHERE first.project = job.project AND first.payment = job.payment
      AND first.lane = job.lane AND first.kind = 'sale')
WHERE kind IN ('initiate_sale', 'ask_sale', 'give_back');
