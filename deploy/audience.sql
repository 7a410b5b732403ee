-- Run once as the superuser: sudo -u postgres psql -v ON_ERROR_STOP=1 -f deploy/audience.sql
-- One role and two databases. The audience database is never dumped, so it is a database of its own.

CREATE ROLE "second-thought" LOGIN;   -- the name of the system user, who then needs no password
CREATE DATABASE second_thought OWNER "second-thought";
CREATE DATABASE second_thought_audience OWNER "second-thought";

-- No other role of this server may connect.
REVOKE ALL ON DATABASE second_thought, second_thought_audience FROM PUBLIC;

-- As in postgresql.conf, for a server with another configuration: log no statement, value or row.
ALTER DATABASE second_thought_audience SET log_statement = 'none';
ALTER DATABASE second_thought_audience SET log_duration = off;
ALTER DATABASE second_thought_audience SET log_min_duration_statement = -1;
ALTER DATABASE second_thought_audience SET log_min_duration_sample = -1;
ALTER DATABASE second_thought_audience SET log_transaction_sample_rate = 0;
ALTER DATABASE second_thought_audience SET log_min_error_statement = 'panic';
ALTER DATABASE second_thought_audience SET log_error_verbosity = 'terse';

-- After each fold the worker switches the write-ahead log file and makes a checkpoint, to remove deleted views.
GRANT pg_checkpoint TO "second-thought";
\connect second_thought_audience
GRANT EXECUTE ON FUNCTION pg_switch_wal() TO "second-thought";
