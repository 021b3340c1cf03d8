//! Areas to search, and the cells that cover them.

use super::distance::{EARTH_RADIUS_M, degrees, distance_m, latitude_distance_m, radians};
use super::{Cell, Position, cell};

/// How far an area reaches from its centre.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Extent {
    /// A circle.
    Radius(f64),
    /// A box, its sides along meridians and parallels.
    Box {
        /// West to east.
        width: f64,
        /// South to north.
        height: f64,
    },
}

/// An area.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Its middle.
    pub centre: Position,
    /// Its size, in the unit below.
    pub extent: Extent,
    /// How many metres the unit has.
    pub unit_m: f64,
}

/// The coordinates an area reaches to, in degrees, which may lie beyond the globe's.
struct Bounds {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl Shape {
    /// Metres from the centre to a position, when that is inside.
    #[must_use]
    pub fn distance_m_inside(&self, position: Position) -> Option<f64> {
        // Comparisons are such that NaN, which opposite points may give, counts as inside.
        match self.extent {
            Extent::Radius(radius) => {
                let distance = distance_m(self.centre, position);
                if distance > radius * self.unit_m {
                    return None;
                }
                Some(distance)
            }
            Extent::Box { width, height } => {
                let north_south = latitude_distance_m(position.latitude, self.centre.latitude);
                if north_south > height * self.unit_m / 2.0 {
                    return None;
                }
                let beside = Position {
                    longitude: self.centre.longitude,
                    latitude: position.latitude,
                };
                if distance_m(position, beside) > width * self.unit_m / 2.0 {
                    return None;
                }
                Some(distance_m(self.centre, position))
            }
        }
    }

    /// Cells that cover the area, in the order they are to be searched. One may come twice where the globe is small for the area.
    #[must_use]
    pub fn cells(&self) -> Vec<Cell> {
        let bounds = self.bounds();
        let mut steps = steps_for(self.reach_m(), self.centre.latitude);
        let mut centre = Cell::of(self.centre, steps);
        if steps > 1 && !covers(centre, &bounds) {
            steps -= 1;
            centre = Cell::of(self.centre, steps);
        }
        let skip = Skip::of(centre, &bounds, steps);
        let (north, south) = (centre.north(), centre.south());
        let around = [
            (centre, false),
            (north, skip.north),
            (south, skip.south),
            (centre.east(), skip.east),
            (centre.west(), skip.west),
            (north.east(), skip.north || skip.east),
            (north.west(), skip.north || skip.west),
            (south.east(), skip.south || skip.east),
            (south.west(), skip.south || skip.west),
        ];
        let mut cells: Vec<Cell> = Vec::with_capacity(around.len());
        for (cell, _) in around.into_iter().filter(|(_, skipped)| !skipped) {
            // A neighbour that is the one before over again adds nothing; the first is not compared with.
            if cells.len() < 2 || cells.last() != Some(&cell) {
                cells.push(cell);
            }
        }
        cells
    }

    /// Metres from the centre to the farthest point.
    fn reach_m(&self) -> f64 {
        let reach = match self.extent {
            Extent::Radius(radius) => radius,
            Extent::Box { width, height } => {
                ((width / 2.0) * (width / 2.0) + (height / 2.0) * (height / 2.0)).sqrt()
            }
        };
        reach * self.unit_m
    }

    fn bounds(&self) -> Bounds {
        let Position {
            longitude,
            latitude,
        } = self.centre;
        let (width, height) = match self.extent {
            Extent::Radius(radius) => (radius, radius),
            Extent::Box { width, height } => (width / 2.0, height / 2.0),
        };
        let (width, height) = (self.unit_m * width, self.unit_m * height);
        let north_south = degrees(height / EARTH_RADIUS_M);
        // A degree of longitude is shortest on the side that is nearer to a pole.
        let poleward = if latitude < 0.0 {
            latitude - north_south
        } else {
            latitude + north_south
        };
        let east_west = degrees(width / EARTH_RADIUS_M / radians(poleward).cos());
        Bounds {
            west: longitude - east_west,
            south: latitude - north_south,
            east: longitude + east_west,
            north: latitude + north_south,
        }
    }
}

/// How often to halve the globe so that a cell and its neighbours mostly cover what is within reach of any point in the cell.
fn steps_for(mut reach_m: f64, latitude: f64) -> u32 {
    /// Half the equator in the web Mercator projection.
    const MERCATOR_MAX: f64 = 20_037_726.37;
    if reach_m == 0.0 {
        return cell::STEPS_MAX;
    }
    let mut steps: i32 = 1;
    while reach_m < MERCATOR_MAX {
        reach_m *= 2.0;
        steps += 1;
    }
    steps -= 2;
    // Cells get narrow towards the poles.
    if latitude.abs() > 66.0 {
        steps -= if latitude.abs() > 80.0 { 2 } else { 1 };
    }
    steps.clamp(1, cell::STEPS_MAX as i32) as u32
}

/// Whether a cell and its neighbours reach as far as the area.
fn covers(centre: Cell, bounds: &Bounds) -> bool {
    !(centre.north().latitudes().max < bounds.north
        || centre.south().latitudes().min > bounds.south
        || centre.east().longitudes().max < bounds.east
        || centre.west().longitudes().min > bounds.west)
}

/// Which neighbours the area cannot reach into.
struct Skip {
    north: bool,
    south: bool,
    east: bool,
    west: bool,
}

impl Skip {
    fn of(centre: Cell, bounds: &Bounds, steps: u32) -> Self {
        let (latitudes, longitudes) = (centre.latitudes(), centre.longitudes());
        // With four cells on the globe, neighbours are on both sides at once.
        let fine = steps >= 2;
        Skip {
            north: fine && latitudes.max > bounds.north,
            south: fine && latitudes.min < bounds.south,
            east: fine && longitudes.max > bounds.east,
            west: fine && longitudes.min < bounds.west,
        }
    }
}
