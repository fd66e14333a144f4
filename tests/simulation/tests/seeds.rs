//! A fixed set of seeds, on every run of the tests; and that the simulator is what it says: the same every
//! time, and not blind.

use simulation::{Plan, Survived, attempt, shrink};

/// Plays seeds from `first` on, each for at most so many steps.
fn survive(first: u64, runs: u64, steps: u32) -> Result<Survived, String> {
    let mut survived = Survived::default();
    for seed in first..first + runs {
        let run = attempt(&Plan::of(seed, steps));
        survived += run.map_err(|broken| format!("seed {seed}, --steps {steps}, {broken}"))?;
    }
    Ok(survived)
}

#[test]
fn fixed_seeds_survive() -> Result<(), String> {
    let survived = survive(1, 60, 6_000)?;
    println!("{survived}");
    assert!(survived.commands > 20_000 && survived.commits > 5_000, "{survived}");
    assert!(survived.crashes > 100 && survived.faults > 50 && survived.jumps > 50, "{survived}");
    Ok(())
}

#[test]
fn the_same_seed_is_the_same_run() -> Result<(), String> {
    let (once, again) = (survive(1_000, 6, 6_000)?, survive(1_000, 6, 6_000)?);
    assert_eq!(once, again);
    assert_ne!(once.digest, survive(1_001, 6, 6_000)?.digest);
    Ok(())
}

#[test]
fn a_disk_that_lies_is_found_out_and_the_plan_shrinks() {
    let mut plan = Plan::of(7, 4_000);
    plan.profile.lies = true;
    plan.profile.trouble_every = 200;
    let broken = attempt(&plan).expect_err("a lie goes unnoticed");
    let (small, broken) = shrink(&plan, broken, 300);
    assert!(small.steps.len() < 40, "{small}{broken}");
    assert!(attempt(&small).is_err_and(|again| again == broken), "the small plan is another run");
}
