"""Migration operations: `Grant` for shared tables, `WallTable` for tenants' tables,
`CompositeForeignKey` for a child that must stay with its parent's tenant."""

from collections.abc import Iterable
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor as SchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from ondemand.tenancy.access import EVERY, WRITE, Access
from ondemand.tenancy.catalogue import index_problems
from ondemand.tenancy.roles import Role


class DatabaseOperation(Operation):
    """An operation that changes the database and not the models."""

    reduces_to_sql = True
    reversible = True

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        pass

    def database_forwards(self, app_label: str, schema_editor: SchemaEditor, from_state: Any, to_state: Any) -> None:
        self._run(schema_editor, self.forwards())

    def database_backwards(self, app_label: str, schema_editor: SchemaEditor, from_state: Any, to_state: Any) -> None:
        self._run(schema_editor, self.backwards())

    def forwards(self) -> Iterable[str]:
        raise NotImplementedError

    def backwards(self) -> Iterable[str]:
        raise NotImplementedError

    @staticmethod
    def _run(schema_editor: SchemaEditor, statements: Iterable[str]) -> None:
        for statement in statements:
            # params=None: a per cent sign in a condition stays what it is
            schema_editor.execute(statement, params=None)


class Grant(DatabaseOperation):
    """Grants on a table that holds no tenant's rows."""

    def __init__(self, table: str, *accesses: Access) -> None:
        self.table = table
        self.accesses = accesses

    def forwards(self) -> Iterable[str]:
        yield f'REVOKE ALL ON "{self.table}" FROM PUBLIC'
        for access in self.accesses:
            yield f'GRANT {access.verbs} ON "{self.table}" TO {access.role}'

    def backwards(self) -> Iterable[str]:
        for access in self.accesses:
            yield f'REVOKE ALL ON "{self.table}" FROM {access.role}'

    def describe(self) -> str:
        return f"{type(self).__name__} {self.table}"


class WallTable(Grant):
    """Row-level security, enabled and forced; one policy and one grant for each role.

    The owner always has a policy: without it a data migration silently touches nothing.
    """

    def forwards(self) -> Iterable[str]:
        yield f'ALTER TABLE "{self.table}" ENABLE ROW LEVEL SECURITY'
        yield f'ALTER TABLE "{self.table}" FORCE ROW LEVEL SECURITY'
        for access in (Access(Role.OWNER, WRITE, EVERY), *self.accesses):
            yield policy(self.table, access)
        yield from super().forwards()

    def backwards(self) -> Iterable[str]:
        yield from super().backwards()
        for access in (Access(Role.OWNER), *self.accesses):
            yield f'DROP POLICY "{access.role}" ON "{self.table}"'
        yield f'ALTER TABLE "{self.table}" NO FORCE ROW LEVEL SECURITY'
        yield f'ALTER TABLE "{self.table}" DISABLE ROW LEVEL SECURITY'

    def database_forwards(self, app_label: str, schema_editor: SchemaEditor, from_state: Any, to_state: Any) -> None:
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        problems = index_problems(schema_editor.connection, self.table)
        if problems:
            raise ValueError("; ".join(problems))


def policy(table: str, access: Access) -> str:
    return (
        f'CREATE POLICY "{access.role}" ON "{table}" FOR ALL TO {access.role} '
        f"USING ({access.rows}) WITH CHECK ({access.rows})"
    )


class Admit(Grant):
    """A further role at a wall that stands: its policy and grant. For roles whose rows an upper app decides."""

    def forwards(self) -> Iterable[str]:
        for access in self.accesses:
            yield policy(self.table, access)
            yield f'GRANT {access.verbs} ON "{self.table}" TO {access.role}'

    def backwards(self) -> Iterable[str]:
        yield from super().backwards()
        for access in self.accesses:
            yield f'DROP POLICY "{access.role}" ON "{self.table}"'


class KeepFor(DatabaseOperation):
    """Whoever deletes meets a trigger: rows stay until `column` lies `days` back."""

    def __init__(self, table: str, column: str, days: int) -> None:
        self.table, self.column, self.days = table, column, days

    def forwards(self) -> Iterable[str]:
        yield (
            f'CREATE TRIGGER keep_for BEFORE DELETE ON "{self.table}" '
            f"FOR EACH ROW EXECUTE FUNCTION app.keep_for('{self.column}', '{self.days}')"
        )

    def backwards(self) -> Iterable[str]:
        yield f'DROP TRIGGER keep_for ON "{self.table}"'

    def describe(self) -> str:
        return f"{self.table} is kept for {self.days} days after {self.column}"


class Undo(DatabaseOperation):
    """Backwards as a step forwards. To change a wall: [Undo(WallTable(old)), WallTable(new)]."""

    def __init__(self, operation: DatabaseOperation) -> None:
        self.forwards, self.backwards = operation.backwards, operation.forwards  # type: ignore[method-assign]


class CompositeForeignKey(DatabaseOperation):
    """FOREIGN KEY (partner_id, …): the child's tenant is the parent's, by the database's word.

    Django has no such field; the model's ForeignKey says db_constraint=False beside it.
    """

    def __init__(
        self,
        table: str,
        columns: str,
        parent: str,
        parent_columns: str,
        *,
        on_update: str = "NO ACTION",
    ) -> None:
        self.table, self.columns = table, columns
        self.parent, self.parent_columns = parent, parent_columns
        self.on_update = on_update

    @property
    def name(self) -> str:
        return f"{self.table}_{self.parent}_wall"

    def forwards(self) -> Iterable[str]:
        yield (
            f'ALTER TABLE "{self.table}" ADD CONSTRAINT "{self.name}" '
            f'FOREIGN KEY ({self.columns}) REFERENCES "{self.parent}" ({self.parent_columns}) '
            f"ON UPDATE {self.on_update}"
        )

    def backwards(self) -> Iterable[str]:
        yield f'ALTER TABLE "{self.table}" DROP CONSTRAINT "{self.name}"'

    def describe(self) -> str:
        return f"{self.table} ({self.columns}) follows {self.parent}"
