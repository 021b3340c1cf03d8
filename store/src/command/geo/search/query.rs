//! The options of all searches.

use resp::Args;

use super::super::arguments;
use crate::command::{ArgCursor, CommandError, parse_i64};
use crate::hash::Seed;
use crate::types::Zset;
use crate::types::geo::{Extent, Position, Shape};

/// Whose options they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// GEOSEARCH.
    Search,
    /// GEOSEARCHSTORE.
    SearchStore,
    /// GEORADIUS.
    Radius,
    /// GEORADIUS_RO.
    RadiusReadOnly,
    /// GEORADIUSBYMEMBER.
    RadiusByMember,
    /// GEORADIUSBYMEMBER_RO.
    RadiusByMemberReadOnly,
}

impl Dialect {
    /// Which argument is the key searched.
    pub(super) fn source_index(self) -> usize {
        if self == Dialect::SearchStore { 2 } else { 1 }
    }

    /// The event of a result that is stored.
    pub(super) fn event(self) -> &'static str {
        if self.is_search() {
            "geosearchstore"
        } else {
            "georadiusstore"
        }
    }

    /// Whether centre and extent are options.
    fn is_search(self) -> bool {
        matches!(self, Dialect::Search | Dialect::SearchStore)
    }

    /// Whether it takes `STORE key` and `STOREDIST key`.
    fn takes_destination(self) -> bool {
        matches!(self, Dialect::Radius | Dialect::RadiusByMember)
    }
}

/// The order of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// As they are found.
    None,
    /// `ASC`: the nearest first.
    Nearest,
    /// `DESC`: the farthest first.
    Farthest,
}

/// What becomes the score in a stored result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StoredScore {
    /// What it was.
    Position,
    /// The distance from the centre.
    Distance,
}

/// That the result is stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Store {
    /// The argument that names the destination.
    pub(super) index: usize,
    pub(super) score: StoredScore,
}

/// A search.
#[derive(Debug)]
pub(super) struct Query {
    /// The area; none when the key is missing and nothing can be found.
    pub(super) shape: Option<Shape>,
    pub(super) order: Order,
    /// `COUNT`: how many to give.
    pub(super) count: Option<usize>,
    /// `ANY`: the first to be found will do.
    pub(super) any: bool,
    pub(super) with_distance: bool,
    pub(super) with_score: bool,
    pub(super) with_position: bool,
    pub(super) store: Option<Store>,
}

impl Query {
    /// Reads the arguments of `dialect`. Members that serve as centres are looked up in `zset` on the way,
    /// so that the first mistake is the one that is told.
    pub(super) fn parse(
        args: Args<'_>,
        dialect: Dialect,
        zset: Option<&Zset>,
        seed: &Seed,
    ) -> Result<Self, CommandError> {
        let mut parser = Parser::new(args, dialect, zset, seed);
        parser.leading()?;
        while !parser.cursor.is_done() {
            if !parser.simple_option()? && !parser.store_option() && !parser.shape_option()? {
                return Err(CommandError::Syntax);
            }
        }
        parser.finish(args)
    }

    /// Metres in the unit asked for.
    pub(super) fn in_unit(&self, metres: f64) -> f64 {
        self.shape.map_or(metres, |shape| metres / shape.unit_m)
    }
}

/// A centre that has been named.
#[derive(Clone, Copy, PartialEq)]
enum Centre {
    /// Directly.
    At(Position),
    /// By a member: none when the key is missing.
    Member(Option<Position>),
}

struct Parser<'a> {
    cursor: ArgCursor<'a>,
    dialect: Dialect,
    zset: Option<&'a Zset>,
    seed: &'a Seed,
    centre: Option<Centre>,
    extent: Option<(Extent, f64)>,
    query: Query,
}

impl<'a> Parser<'a> {
    fn new(args: Args<'a>, dialect: Dialect, zset: Option<&'a Zset>, seed: &'a Seed) -> Self {
        let store = (dialect == Dialect::SearchStore).then_some(Store {
            index: 1,
            score: StoredScore::Position,
        });
        Parser {
            cursor: ArgCursor::new(args, dialect.source_index() + 1),
            dialect,
            zset,
            seed,
            centre: None,
            extent: None,
            query: Query {
                shape: None,
                order: Order::None,
                count: None,
                any: false,
                with_distance: false,
                with_score: false,
                with_position: false,
                store,
            },
        }
    }

    /// Centre and radius where they are not options.
    fn leading(&mut self) -> Result<(), CommandError> {
        match self.dialect {
            Dialect::Search | Dialect::SearchStore => return Ok(()),
            Dialect::Radius | Dialect::RadiusReadOnly => {
                self.centre = Some(Centre::At(arguments::position(&mut self.cursor)?));
            }
            Dialect::RadiusByMember | Dialect::RadiusByMemberReadOnly => {
                self.member()?;
                if self.zset.is_none() {
                    // Whatever the radius says: there is nothing to find.
                    self.cursor.expect()?;
                    self.cursor.expect()?;
                    return Ok(());
                }
            }
        }
        self.extent = Some(arguments::radius(&mut self.cursor)?);
        Ok(())
    }

    /// Takes a member that is the centre.
    fn member(&mut self) -> Result<(), CommandError> {
        let member = self.cursor.expect()?;
        let score = self.zset.map(|zset| {
            zset.score(self.seed, member).ok_or(CommandError::text(
                "ERR could not decode requested zset member",
            ))
        });
        let position = score.transpose()?.map(Position::of_score);
        self.centre = Some(Centre::Member(position));
        Ok(())
    }

    /// Takes an option that all searches have; whether there was one.
    fn simple_option(&mut self) -> Result<bool, CommandError> {
        let (cursor, query) = (&mut self.cursor, &mut self.query);
        if cursor.keyword("WITHDIST") {
            query.with_distance = true;
        } else if cursor.keyword("WITHHASH") {
            query.with_score = true;
        } else if cursor.keyword("WITHCOORD") {
            query.with_position = true;
        } else if cursor.keyword("ANY") {
            query.any = true;
        } else if cursor.keyword("ASC") {
            query.order = Order::Nearest;
        } else if cursor.keyword("DESC") {
            query.order = Order::Farthest;
        } else if cursor.remaining() > 1 && cursor.keyword("COUNT") {
            let count = parse_i64(cursor.expect()?)?;
            if count <= 0 {
                return Err(CommandError::text("ERR COUNT must be > 0"));
            }
            query.count = Some(count as usize);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Takes an option that says where or what to store; whether there was one.
    fn store_option(&mut self) -> bool {
        if self.dialect == Dialect::SearchStore && self.cursor.keyword("STOREDIST") {
            self.query.store = Some(Store {
                index: 1,
                score: StoredScore::Distance,
            });
            return true;
        }
        if !self.dialect.takes_destination() || self.cursor.remaining() < 2 {
            return false;
        }
        let score = if self.cursor.keyword("STORE") {
            StoredScore::Position
        } else if self.cursor.keyword("STOREDIST") {
            StoredScore::Distance
        } else {
            return false;
        };
        let index = self.cursor.position();
        self.query.store = Some(Store { index, score });
        self.cursor.next_arg().is_some()
    }

    /// Takes a centre or an extent where they are options; whether there was one. Of each only one kind may be named.
    fn shape_option(&mut self) -> Result<bool, CommandError> {
        if !self.dialect.is_search() {
            return Ok(false);
        }
        let left = self.cursor.remaining() - 1;
        let by_place = matches!(self.centre, Some(Centre::At(_)));
        let by_member = matches!(self.centre, Some(Centre::Member(_)));
        let circle = matches!(self.extent, Some((Extent::Radius(_), _)));
        let sides = matches!(self.extent, Some((Extent::Box { .. }, _)));
        if left >= 1 && !by_place && self.cursor.keyword("FROMMEMBER") {
            self.member()?;
        } else if left >= 2 && !by_member && self.cursor.keyword("FROMLONLAT") {
            self.centre = Some(Centre::At(arguments::position(&mut self.cursor)?));
        } else if left >= 2 && !sides && self.cursor.keyword("BYRADIUS") {
            self.extent = Some(arguments::radius(&mut self.cursor)?);
        } else if left >= 3 && !circle && self.cursor.keyword("BYBOX") {
            self.extent = Some(arguments::sides(&mut self.cursor)?);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Checks what goes together.
    fn finish(mut self, args: Args<'_>) -> Result<Query, CommandError> {
        let query = &self.query;
        let with_more = query.with_distance || query.with_score || query.with_position;
        if query.store.is_some() && with_more {
            return Err(CommandError::text(
                if self.dialect == Dialect::SearchStore {
                    "ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
                } else {
                    "ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
                },
            ));
        }
        if self.dialect.is_search() {
            let missing = if self.centre.is_none() {
                Some("exactly one of FROMMEMBER or FROMLONLAT")
            } else if self.extent.is_none() {
                Some("exactly one of BYRADIUS and BYBOX")
            } else {
                None
            };
            if let Some(missing) = missing {
                let name = String::from_utf8_lossy(args.get(0));
                let text = format!("ERR {missing} can be specified for {name}");
                return Err(CommandError::Text(text.into()));
            }
        }
        if query.any && query.count.is_none() {
            return Err(CommandError::text(
                "ERR the ANY argument requires COUNT argument",
            ));
        }
        if let (Some(Centre::At(centre) | Centre::Member(Some(centre))), Some((extent, unit_m))) =
            (self.centre, self.extent)
        {
            self.query.shape = Some(Shape {
                centre,
                extent,
                unit_m,
            });
        }
        Ok(self.query)
    }
}
