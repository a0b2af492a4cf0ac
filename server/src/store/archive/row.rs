//! A row as one line of JSON, by the columns of its entity: numbers and text as they are, bytes in base64.

use std::io::{BufRead, Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::TryStreamExt;
use sea_orm::sea_query::ColumnType;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IdenStatic, Iterable};
use sea_orm::{StreamTrait, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::Error;
use crate::store::Tx;

/// The longest line: a document's text in the index of words.
const LINE_LIMIT_BYTES: u64 = 64 << 20;
/// Values put in by one statement; SQLite takes 32,766. Agencies name each other, which is checked at a statement's end: a
/// province's are few enough for one.
const VALUES_A_STATEMENT: usize = 32_000;
/// And bytes of JSON, so that long rows do not fill the memory.
const BYTES_A_STATEMENT: usize = 16 << 20;

/// Writes every row of `E`'s table.
pub(super) async fn dump<E>(
    connection: &(impl ConnectionTrait + StreamTrait),
    sink: &mut impl Write,
) -> Result<u64, Error>
where
    E: EntityTrait,
    E::ActiveModel: ActiveModelTrait<Entity = E> + From<E::Model>,
{
    let mut count = 0;
    let mut rows = E::find().stream(connection).await?;
    while let Some(row) = rows.try_next().await? {
        let row = E::ActiveModel::from(row);
        let mut object = Map::new();
        for column in E::Column::iter() {
            let value = row.get(column).into_value();
            let value = value.map_or(Ok(Json::Null), |value| encode(column.as_str(), value))?;
            object.insert(column.as_str().to_owned(), value);
        }
        write_line(sink, &object)?;
        count += 1;
    }
    Ok(count)
}

/// Puts every row into `E`'s table.
pub(super) async fn load<E>(tx: &Tx, rows: impl BufRead) -> Result<u64, Error>
where
    E: EntityTrait,
    E::ActiveModel: ActiveModelTrait<Entity = E>,
{
    let limit = VALUES_A_STATEMENT / E::Column::iter().count().max(1);
    let (mut count, mut bytes) = (0, 0);
    let mut waiting = Vec::new();
    for line in lines(rows) {
        let line = line?;
        waiting.push(active_model::<E>(&parse(&line)?)?);
        (count, bytes) = (count + 1, bytes + line.len());
        if waiting.len() == limit || bytes > BYTES_A_STATEMENT {
            insert::<E>(tx, &mut waiting).await?;
            bytes = 0;
        }
    }
    insert::<E>(tx, &mut waiting).await?;
    Ok(count)
}

/// The lines of `rows`, none longer than the limit.
pub(super) fn lines(mut rows: impl BufRead) -> impl Iterator<Item = Result<Vec<u8>, Error>> {
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        match rows.by_ref().take(LINE_LIMIT_BYTES).read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(_) if line.last() == Some(&b'\n') => Some(Ok(line)),
            Ok(_) => Some(Err(Error::Damaged("a row breaks off or is too long".into()))),
            Err(error) => Some(Err(error.into())),
        }
    })
}

/// One line as `T`.
pub(super) fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(line).map_err(|error| Error::Damaged(format!("a row: {error}")))
}

/// Writes `row` as one line.
pub(super) fn write_line(sink: &mut impl Write, row: &impl Serialize) -> Result<(), Error> {
    serde_json::to_writer(&mut *sink, row).map_err(std::io::Error::from)?;
    Ok(sink.write_all(b"\n")?)
}

async fn insert<E>(tx: &Tx, rows: &mut Vec<E::ActiveModel>) -> Result<(), Error>
where
    E: EntityTrait,
    E::ActiveModel: ActiveModelTrait<Entity = E>,
{
    if !rows.is_empty() {
        E::insert_many(std::mem::take(rows))
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

fn active_model<E>(row: &Map<String, Json>) -> Result<E::ActiveModel, Error>
where
    E: EntityTrait,
    E::ActiveModel: ActiveModelTrait<Entity = E>,
{
    let mut model = <E::ActiveModel as ActiveModelTrait>::default();
    for column in E::Column::iter() {
        let name = column.as_str();
        let json = row.get(name).ok_or_else(|| odd(name))?;
        let value = decode(column.def().get_column_type(), json).ok_or_else(|| odd(name))?;
        model.try_set(column, value)?;
    }
    Ok(model)
}

fn encode(column: &str, value: Value) -> Result<Json, Error> {
    Ok(match value {
        Value::Bool(value) => value.into(),
        Value::SmallInt(value) => value.into(),
        Value::Int(value) => value.into(),
        Value::BigInt(value) => value.into(),
        // As text, which comes back to the last bit; a parser of JSON may round.
        Value::Double(value) => value.map(|value| value.to_string()).into(),
        Value::String(value) => value.into(),
        Value::Bytes(value) => value.map(|bytes| STANDARD.encode(bytes)).into(),
        _ => return Err(odd(column)),
    })
}

fn decode(kind: &ColumnType, json: &Json) -> Option<Value> {
    let null = json.is_null();
    let integer = || json.as_i64();
    let value = match kind {
        ColumnType::Boolean => Value::Bool(json.as_bool()),
        ColumnType::SmallInteger => Value::SmallInt(integer().and_then(|value| value.try_into().ok())),
        ColumnType::Integer => Value::Int(integer().and_then(|value| value.try_into().ok())),
        ColumnType::BigInteger => Value::BigInt(integer()),
        ColumnType::Double => Value::Double(json.as_str().and_then(|text| text.parse().ok())),
        ColumnType::Text | ColumnType::String(_) => Value::String(json.as_str().map(str::to_owned)),
        ColumnType::Blob | ColumnType::Binary(_) | ColumnType::VarBinary(_) => {
            Value::Bytes(json.as_str().and_then(|text| STANDARD.decode(text).ok()))
        }
        _ => return None,
    };
    // What is neither null nor of the column's kind became null above.
    (null == is_null(&value)).then_some(value)
}

fn is_null(value: &Value) -> bool {
    *value == value.as_null()
}

fn odd(column: &str) -> Error {
    Error::Damaged(format!("the column {column} holds something else"))
}
