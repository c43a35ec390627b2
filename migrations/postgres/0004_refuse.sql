-- Ends the statement that calls it, and with it everything the statement wrote. A statement can so be
-- whole by itself, without a transaction around it that is rolled back after a look at its answer.
CREATE FUNCTION refuse(reason text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', reason;
END;
$$;
