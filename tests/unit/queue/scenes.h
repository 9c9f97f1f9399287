/*
 * scenes - what happens to a scheduler, and whom it picks.
 */
#ifndef SCENES_H
#define SCENES_H

/*
 * A scene is a list of commands:
 *	add NAME CLASS CLIENT MODEL[:OPTIONS] [SECONDS to the deadline]
 *	at SECONDS; first NAME; done NAME [TOKENS]; fail NAME; cancel NAME;
 *	back NAME (its backend failed); promote NAME
 *	up BACKEND SLOTS MODELS [unload]; down BACKEND; unloaded BACKEND
 *	pause SCOPE NAME; open SCOPE NAME; drain SCOPE NAME
 *	set FIELD VALUE; set FIELD CLASS VALUE; limit client|model NAME N
 *	pick ...: what is picked until there is nothing more to do: NAME, NAME!
 *	for one that will load, @1 behind it for backend 1, unload=MODEL,
 *	stop=NAME; a bare - is nothing
 *	late NAME ...: those whose time has passed
 */
struct scene {
	const char *claim;
	const char *script;
};

static const struct scene scenes[] = {
	{ "a request on an idle backend loads its model and runs",
	    "add x batch ann A; pick x!; first x; done x; add y batch ann "
	    "A; pick y" },
	{ "while a model loads nothing else is sent, then its slots open",
	    "up 0 2 1; add a normal ann A; add b normal bob A; add c "
	    "normal cy A; pick a!; pick -; first a; pick b; pick -; done "
	    "a; pick c" },
	{ "an answer without a first byte, as of embeddings, is a load too",
	    "up 0 2 1; add a normal ann A; add b normal bob A; pick a!; "
	    "done a; pick b" },
	{ "after a load that failed another is tried",
	    "add a normal ann A; add b normal bob A; pick a!; fail a; pick "
	    "b!; first b; done b; add c normal ann A; pick c" },
	{ "a better class goes first",
	    "add a batch ann A; add b normal bob A; add c interactive cy "
	    "A; pick c!; done c; pick b; done b; pick a" },
	{ "two clients take turns, however many one of them asks for",
	    "add a normal ann A; add b normal ann A; add c normal ann A; "
	    "add x normal bob A; pick a!; done a 9; pick x; done x 9; pick "
	    "b; done b 9; pick c" },
	{ "the one that had fewer tokens goes first",
	    "add a normal ann A; add b normal ann A; add x normal bob A; "
	    "add y normal bob A; add z normal bob A; pick a!; done a 100; "
	    "pick x; done x 10; pick y; done y 10; pick z" },
	{ "a client that comes back has no credit for having been away",
	    "add a normal ann A; add b normal ann A; pick a!; done a 1000; "
	    "add x normal bob A; add y normal bob A; pick x; done x 10; "
	    "pick b; done b 10; add c normal ann A; pick y; done y 10; "
	    "pick c" },
	{ "of one client the nearest deadline goes first, then arrival",
	    "up 0 1 1; add a normal ann A; add b normal ann A 50; add c "
	    "normal ann A 20; pick c!; done c; pick b; done b; pick a" },
	{ "a deadline is no claim on the turn of another client",
	    "add w normal ann A; pick w!; done w 10; add a normal bob A; "
	    "add b normal ann A 30; pick a; done a 99; pick b" },
	{ "what has missed its deadline is given out, and is gone",
	    "add a normal ann A; pick a!; add b normal ann A 20; add c "
	    "normal ann A; at 19; late; at 20; late b; done a; pick c" },
	{ "work on the loaded model is done before a switch, for a while",
	    "add a normal ann A; pick a!; first a; add b normal bob B; add "
	    "c normal ann A; done a; pick c; first c; add d normal ann A; "
	    "at 50; done c; pick d; first d; add e normal ann A; at 70; "
	    "done d; pick b!" },
	{ "but not when another would be two requests behind",
	    "set quantum 1000; set patience normal 1000; add a normal ann "
	    "A; add b normal bob B; pick a!; done a 100; add c normal ann "
	    "A; add d normal ann A; pick c; done c 100; pick b!" },
	{ "worse work on the loaded model may use the patience of better",
	    "add a batch ann A; pick a!; first a; add c batch ann A; at 1; "
	    "done a; add b normal bob B; at 2; pick c; first c; at 3; done "
	    "c; add d batch ann A; at 40; pick b!" },
	{ "a request that would take longer than that patience does not",
	    "add a batch ann A; pick a!; first a; at 20; done a; add c "
	    "batch ann A; add b interactive bob B; pick b!" },
	{ "the same model with other options is another load",
	    "add a normal ann A:num_ctx=1; pick a!; done a; add b normal "
	    "ann A:num_ctx=2; add c normal ann A:num_ctx=1; pick c; done "
	    "c; pick b!" },
	{ "where two models fit there is no switch between them",
	    "up 0 1 2; add a normal ann A; pick a!; done a; add b normal "
	    "bob B; pick b!; done b; add c normal ann A; add d normal bob "
	    "B; pick c d" },
	{ "but one model with two options does not fit twice",
	    "up 0 1 2; add a normal ann A:x; pick a!; first a; add b "
	    "normal bob A:y; pick -; done a; pick b!" },
	{ "before a switch all in flight ends, and nothing is sent after it",
	    "up 0 2 1; set quantum 0; set patience normal 0; add a normal "
	    "ann A; pick a!; first a; add b normal bob B; pick -; add c "
	    "normal cy A; pick -; at 9; done a; pick b!; pick -; first b; "
	    "pick -; done b; pick c!" },
	{ "a switch whose work has gone is given up",
	    "up 0 2 1; add a normal ann A; pick a!; first a; add b normal "
	    "bob B; pick -; cancel b; add c normal cy A; pick c" },
	{ "one that chooses the victim has it unloaded first",
	    "up 0 1 2 unload; add a normal ann A; pick a!; done a; add b "
	    "normal ann B; pick b!; done b; at 5; add c normal ann C; pick "
	    "unload=A; add d normal bob B; pick d; unloaded 0 A; pick c!" },
	{ "batch that was not streamed yet is stopped for a better class",
	    "set preempt batch 1; add a batch ann A; pick a!; first a; "
	    "done a; add b batch ann A; pick b; add c interactive bob B; "
	    "pick stop=b; pick -; back b; pick c!" },
	{ "also when all that may run at once do",
	    "set limit 1; set preempt batch 1; up 0 2 1; add a batch ann A; "
	    "pick a!; first a; done a; add b batch ann A; pick b; add c "
	    "interactive bob B; pick stop=b; pick -; back b; pick c!" },
	{ "but not once it streams, and not for the same model",
	    "set preempt batch 1; add a batch ann A; pick a!; first a; add "
	    "d interactive bob A; pick -; add c interactive bob B; pick -" },
	{ "max_wait comes before the class",
	    "set maxwait batch 100; add a batch ann A; add b interactive "
	    "bob B; pick b!; done b; add c interactive bob B; at 99; pick "
	    "c; done c; add d interactive bob B; at 100; pick a!" },
	{ "or is refused, where the class says so",
	    "set maxwait batch 100; set refuse batch 1; add a batch ann A; "
	    "add b interactive bob B; pick b!; at 99; late; at 100; late "
	    "a; done b; pick -" },
	{ "a class below its minimum share comes before a better one",
	    "set share batch 500; set sharewait batch 10; add a batch ann "
	    "A; add b interactive bob A; pick b!; first b; at 20; done b; "
	    "add c interactive bob A; pick a; at 90; done a; add d batch "
	    "ann A; at 101; pick c" },
	{ "a paused class waits, and goes on when it is opened",
	    "add a batch ann A; pause class batch; pick -; add b normal "
	    "bob A; pick b!; done b; open class batch; pick a" },
	{ "a paused client waits",
	    "pause client ann; add a normal ann A; add b normal bob A; "
	    "pick b!; done b; pick -; open client ann; pick a" },
	{ "a paused model waits",
	    "pause model A; add a normal ann A; add b normal bob B; pick "
	    "b!; done b; pick -; open model A; pick a!" },
	{ "a paused backend gets nothing, all of them neither",
	    "up 1 1 1; pause backend 0; add a normal ann A; add b normal "
	    "bob A; pick a!@1; done a; pause all x; pick -; open all x; "
	    "pick b@1" },
	{ "what is drained takes nothing new and ends what waits",
	    "add a normal ann A; drain class normal; add b normal bob A; "
	    "add c batch bob A; pick a!; done a; pick c" },
	{ "a promoted request comes before every class and switches at once",
	    "add a interactive ann A; pick a!; first a; add b interactive "
	    "ann A; add c batch bob B; promote c; done a; pick c!; done c; "
	    "pick b!" },
	{ "a client has no more in flight than its limit",
	    "up 0 4 1; limit client ann 1; add a normal ann A; add b "
	    "normal ann A; add c normal bob A; pick a!; first a; pick c; "
	    "done a; pick b" },
	{ "a model has no more in flight than its limit",
	    "up 0 4 1; limit model A 1; add a normal ann A; add b normal "
	    "bob A; pick a!; first a; pick -; done a; pick b" },
	{ "a class has no more in flight than its limit",
	    "up 0 4 1; set limit batch 1; add a batch ann A; add b batch "
	    "bob A; add c normal cy A; pick c!; first c; pick a; done a; "
	    "pick b" },
	{ "all together have no more in flight than the limit",
	    "up 0 4 1; set limit 2; add a batch ann A; add b batch bob A; "
	    "add c batch cy A; pick a!; first a; pick b; done b; pick c" },
	{ "a request goes where its model is loaded",
	    "up 1 1 1; add a normal ann A; pick a!; first a; add b normal "
	    "bob B; pick b!@1; first b; done a; done b; add c normal ann "
	    "B; add d normal bob A; pick d c@1" },
	{ "a second copy is loaded only when patience is spent",
	    "up 1 1 1; add a normal ann A; pick a!; first a; add b normal "
	    "bob A; pick -; at 29; pick -; at 30; pick b!@1" },
	{ "the heavier backend gets more",
	    "up 0 4 1; up 1 4 1; limit weight 1 3; add a normal ann A; "
	    "pick a!; first a; at 100; add b normal bob B; pick b!@1" },
	{ "a backend that goes down is left, what ran there goes elsewhere",
	    "up 1 1 1; add a normal ann A; pick a!; down 0; back a; pick "
	    "a!@1; first a; done a; add b normal ann A; pick b@1" },
	{ "what is cancelled is gone in every state",
	    "add a normal ann A; add b normal ann A; cancel b; pick a!; "
	    "cancel a; pick -; add c normal ann A; pick c!; first c; "
	    "cancel c; add d normal ann A; pick d" },
};

#endif
