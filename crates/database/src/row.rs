/// Implements [`sqlx::FromRow`] for both databases: each field is the column of its name, and the fields after `with`
/// read the same row.
///
/// Not `SQLx`' derive: its macros build `SQLx`, both drivers and `SQLite` once more, for the compiler, which is a tenth
/// of a build's CPU time.
#[macro_export]
macro_rules! from_row {
    ($row:ident { $($column:ident),* $(,)? } $(with $($inner:ident),+)?) => {
        $crate::from_row!(@for ::sqlx::postgres::PgRow, $row, [$($column)*], [$($($inner)+)?]);
        $crate::from_row!(@for ::sqlx::sqlite::SqliteRow, $row, [$($column)*], [$($($inner)+)?]);
    };
    (@for $source:ty, $row:ident, [$($column:ident)*], [$($inner:ident)*]) => {
        impl ::sqlx::FromRow<'_, $source> for $row {
            fn from_row(row: &$source) -> ::sqlx::Result<Self> {
                use ::sqlx::Row as _;
                Ok(Self {
                    $($column: row.try_get(stringify!($column))?,)*
                    $($inner: ::sqlx::FromRow::from_row(row)?,)*
                })
            }
        }
    };
}
