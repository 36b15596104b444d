-- Roles of PostgreSQL, so that the service cannot change what its audit says.
--
-- Whoever runs this owns the tables: `ballast migrate` runs as the owner, `ballast serve` as
-- ballast_service. Run it once after the first migration, and again after each upgrade, as a new
-- table is nobody's but the owner's. It is harmless to run it again.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ballast_service') THEN
        CREATE ROLE ballast_service LOGIN;
    END IF;
END
$$;

-- At once: nobody may change the audit in between.
BEGIN;
GRANT USAGE ON SCHEMA public TO ballast_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ballast_service;

-- What was migrated is the owner's to say.
REVOKE INSERT, UPDATE, DELETE ON seaql_migrations FROM ballast_service;

-- Rows of the audit and their seals are added, and never changed or taken out.
REVOKE UPDATE, DELETE ON audit, audit_seal FROM ballast_service;
COMMIT;
